"""Dropout of words, recurrent weights and outputs in the language model."""

import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.layers import LSTM
from advtext.models import LanguageModel
from advtext.models.word_dropout import WordDropout

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")


def made(**options):
    keras.utils.set_random_seed(0)
    layer = LSTM(64, return_sequences=True, **options)
    layer.build((None, None, 3))
    return layer


def used(layer):
    """Returns the recurrent weights of a call in training."""
    seen = []

    def inner_loop(*args, **kwargs):
        seen.append(np.asarray(layer.cell.recurrent_kernel))
        return type(layer)._loop(layer, *args, **kwargs)

    layer._loop = inner_loop
    outputs = np.asarray(layer(X, training=True))
    return seen[0], outputs


def test_a_share_of_the_recurrent_weights_is_left_out():
    layer = made(weight_dropout=0.25, seed=1)
    weights = np.asarray(layer.cell.recurrent_kernel)
    dropped, _ = used(layer)
    kept = dropped != 0.0
    # 16,384 weights: six standard deviations.
    assert abs(kept.mean() - 0.75) < 0.02
    np.testing.assert_allclose(dropped[kept], weights[kept] / 0.75, rtol=1e-6)
    # The weights themselves are as they were, and a variable.
    assert layer.cell.recurrent_kernel is layer.trainable_variables[1]
    np.testing.assert_array_equal(layer.cell.recurrent_kernel, weights)


def test_outputs_are_those_of_an_lstm_with_the_dropped_weights():
    layer, plain = made(weight_dropout=0.25, seed=1), made()
    dropped, outputs = used(layer)
    kernel, _, bias = layer.get_weights()
    plain.set_weights([kernel, dropped, bias])
    np.testing.assert_allclose(outputs, plain(X), atol=1e-6)


def test_masks_are_new_in_every_call_and_gone_outside_training():
    layer, plain = made(weight_dropout=0.25, seed=1), made()
    plain.set_weights(layer.get_weights())
    first, second = (np.asarray(layer(X, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-4
    np.testing.assert_array_equal(layer(X), plain(X))


def test_the_gradient_is_that_of_what_was_kept():
    layer = made(weight_dropout=0.25, seed=1)
    (recurrent,) = [
        v for v in layer.trainable_variables if "recurrent" in v.path
    ]
    x = ops.convert_to_tensor(X)

    def loss():
        return ops.sum(layer(x, training=True) ** 2)

    value, backward = backend.vjp(loss, [recurrent])
    (gradient,) = backward(ops.ones_like(value))
    # 16,384 weights; those that were left out have none.
    assert abs(np.mean(np.asarray(gradient) == 0.0) - 0.25) < 0.02


def test_without_weight_dropout_there_is_no_random_state():
    assert len(made().variables) == 4
    assert len(made(weight_dropout=0.1).variables) == 5
    copy = LSTM.from_config(made(weight_dropout=0.1).get_config())
    assert copy.weight_dropout == 0.1


def test_a_word_is_left_out_wherever_it_stands():
    dropout = WordDropout(0.5, 1000, seed=0)
    tokens = np.random.default_rng(0).integers(0, 1000, size=(20, 50))
    kept = np.asarray(dropout(np.ones((20, 50, 2)), tokens, training=True))
    assert set(np.unique(kept)) == {0.0, 2.0}
    by_word = {}
    for token, value in zip(tokens.ravel(), kept[..., 0].ravel(), strict=True):
        assert by_word.setdefault(token, value) == value
    assert abs(np.mean(list(by_word.values())) - 1.0) < 0.2
    x = np.ones((20, 50, 2), "float32")
    np.testing.assert_array_equal(dropout(x, tokens, training=False), x)


def test_output_dropout_is_one_mask_over_time():
    model = LanguageModel(
        9, embedding_dim=3, units=40, embedding_dropout=0.0, output_dropout=0.5
    )
    tokens = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    plain = np.asarray(model(tokens))
    dropped = np.asarray(model(tokens, training=True))
    zero = dropped == 0.0
    assert np.all(zero.all(axis=1) == zero.any(axis=1))
    assert 0.25 < zero.mean() < 0.75
    np.testing.assert_allclose(dropped[~zero], 2.0 * plain[~zero], rtol=1e-5)


@pytest.mark.parametrize(
    "name", ["word_dropout", "weight_dropout", "output_dropout"]
)
def test_a_language_model_learns_with_each_and_is_saved(name, tmp_path):
    model = LanguageModel(
        20, embedding_dim=4, units=8, num_candidates=0, seed=0, **{name: 0.2}
    )
    tokens = np.tile(np.arange(1, 12), (4, 1))
    model.compile(keras.optimizers.Adam(0.03))
    history = model.fit(
        tokens[:, :-1], tokens[:, 1:], epochs=30, verbose=0
    ).history
    assert history["loss"][-1] < 0.7 * history["loss"][0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_config()[name] == 0.2
    np.testing.assert_allclose(loaded(tokens), model(tokens), atol=1e-6)


@pytest.mark.parametrize("rate", [-0.1, 1.0, "0.1", True])
def test_rates_that_are_none_are_refused(rate):
    for name in ("word_dropout", "weight_dropout", "output_dropout"):
        with pytest.raises((TypeError, ValueError), match=name):
            LanguageModel(9, embedding_dim=3, units=4, **{name: rate})
