import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.training.clean_pass import CleanPass, Replay

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


@pytest.fixture
def model():
    layers = [
        keras.layers.Dropout(0.5),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential(layers)
    model.build((None, 4))
    return model


def state(model):
    return [np.asarray(v) for v in model.non_trainable_variables]


def same(ours, theirs):
    return all(map(np.array_equal, ours, theirs))


def replay(model):
    return Replay(
        lambda x: model(x, training=True), model.non_trainable_variables
    )


def test_clean_pass_is_a_record():
    clean = CleanPass(X, None, X[:, :1], lambda x: x)
    assert (clean.loss, clean.loss_gradient) == (None, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        clean.logits = X


def test_every_call_is_like_the_first(model):
    before = state(model)
    assert len(before) == 3, "two statistics and the seed of dropout"
    classify = replay(model)
    first = np.asarray(classify(X))
    after = state(model)
    assert not any(map(np.array_equal, before, after))
    for _ in range(2):
        np.testing.assert_array_equal(classify(X), first)
        assert same(state(model), after)
    assert np.any(np.asarray(classify(X + 1.0)) != first)
    assert same(state(model), after)


def test_equals_a_single_ordinary_call(model):
    before = state(model)
    expected = np.asarray(model(X, training=True))
    after = state(model)
    for variable, value in zip(
        model.non_trainable_variables, before, strict=True
    ):
        variable.assign(value)
    classify = replay(model)
    results = [np.asarray(classify(X)) for _ in range(3)]
    for result in results:
        np.testing.assert_array_equal(result, expected)
    assert same(state(model), after)


def test_next_step_draws_new_masks(model):
    first, second = (np.asarray(replay(model)(X)) for _ in range(2))
    assert np.any(first != second)


def test_replays_of_two_streams_do_not_disturb_each_other(model):
    labelled, unlabelled = replay(model), None
    first = np.asarray(labelled(X))
    unlabelled = replay(model)
    second = np.asarray(unlabelled(X))
    after = state(model)
    np.testing.assert_array_equal(labelled(X), first)
    np.testing.assert_array_equal(unlabelled(X), second)
    assert np.any(first != second)
    assert same(state(model), after)


def test_gradients_flow_through_a_replay(model):
    classify = replay(model)
    gradients = []
    for _ in range(2):
        *_, by_variables, by_input = backend.value_and_gradients(
            lambda x: (ops.sum(classify(x) ** 2), None),
            model.trainable_variables,
            X,
        )
        gradients.append([*by_variables, by_input])
    for first, again in zip(*gradients, strict=True):
        np.testing.assert_array_equal(first, again)
        assert np.isfinite(first).all()
