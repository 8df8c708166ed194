import json

import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.attacks import FastGradient
from advtext.evaluation import Ensemble, ensemble, predict_logits, score

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(30, 6)).astype("float32")
Y = RANDOM.integers(0, 3, 30)
ATTACK = FastGradient(0.5, "linf")


def dense(num_logits=3, scale=2.0):
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(num_logits)]
    )
    weights = [RANDOM.normal(size=w.shape) for w in model.get_weights()]
    model.set_weights([scale * w for w in weights])
    return model


def logits_by_hand(models, x=X):
    weights = [[w.astype("float64") for w in m.get_weights()] for m in models]
    return np.stack([x.astype("float64") @ w + b for w, b in weights])


def softmax(logits):
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def sigmoid(logits):
    return 1.0 / (1.0 + np.exp(-logits))


@pytest.fixture(scope="module")
def models():
    return {name: dense() for name in "abcd"}


def test_probabilities_are_the_mean_of_the_members(models):
    logits = np.asarray(Ensemble(models.values())(X))
    mean = softmax(logits_by_hand(models.values())).mean(axis=0)
    np.testing.assert_allclose(np.exp(logits), mean, rtol=1e-4)


@pytest.mark.parametrize("num_logits", [1, 3])
def test_independent_probabilities_are_the_mean_of_the_members(num_logits):
    models = [dense(num_logits) for _ in range(3)]
    logits = np.asarray(Ensemble(models, "sigmoid")(X), "float64")
    mean = sigmoid(logits_by_hand(models)).mean(axis=0)
    np.testing.assert_allclose(sigmoid(logits), mean, rtol=1e-4)
    if num_logits == 1:
        np.testing.assert_array_equal(Ensemble(models)(X), logits)


def test_gradient_is_that_of_the_mean(models):
    x = X[:1].astype("float64")
    gradient = backend.input_gradient(
        lambda z: ops.sum(Ensemble(models.values())(z)[:, 0]), X[:1]
    )

    def value(x):
        members = softmax(logits_by_hand(models.values(), x))
        return np.log(members.mean(axis=0)[0, 0])

    steps = 1e-6 * np.eye(6)
    expected = [(value(x + h) - value(x - h)) / 2e-6 for h in steps]
    np.testing.assert_allclose(gradient[0], expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("number", [1, 3])
def test_equal_members_are_one(number):
    model = dense()
    logits = Ensemble([model] * number)(X)
    np.testing.assert_allclose(
        softmax(np.asarray(logits)), softmax(predict_logits(model, X)), 1e-4
    )
    model = dense(1)
    np.testing.assert_allclose(
        Ensemble([model] * number)(X), predict_logits(model, X), rtol=1e-4
    )


@pytest.mark.parametrize("num_logits", [1, 3])
def test_members_may_be_as_sure_as_they_like(num_logits):
    whole = Ensemble([dense(num_logits, 1e3) for _ in range(3)])
    assert np.all(np.isfinite(predict_logits(whole, X)))
    gradient = backend.input_gradient(lambda z: ops.sum(whole(z)), X)
    assert np.all(np.isfinite(np.asarray(gradient)))


def test_dropout_is_for_training(models):
    member = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dropout(0.5), models["a"]]
    )
    whole = Ensemble([member, member])
    np.testing.assert_array_equal(whole(X), whole(X))
    assert np.any(np.asarray(whole(X, training=True)) != np.asarray(whole(X)))


def test_saved_and_loaded(models, tmp_path):
    whole = Ensemble(models.values(), "sigmoid")
    expected = predict_logits(whole, X)
    whole.save(tmp_path / "whole.keras")
    loaded = keras.saving.load_model(tmp_path / "whole.keras")
    np.testing.assert_allclose(predict_logits(loaded, X), expected, rtol=1e-6)


def test_rows_are_the_scores_of_the_examples(models):
    rows = ensemble(models, ATTACK, X, Y, batch_size=16)
    assert json.loads(json.dumps(rows)) == rows
    whole = Ensemble(models.values())
    sources = {
        "clean": X,
        "ensemble": ATTACK(whole, X, Y),
        "a": ATTACK(models["a"], X, Y),
    }
    expected = {
        (source, target): score(model, x, Y)["error"]
        for source, x in sources.items()
        for target, model in {"ensemble": whole, "a": models["a"]}.items()
    }
    found = {(row["source"], row["target"]): row["error"] for row in rows}
    assert found == expected
    assert found["ensemble", "ensemble"] > found["clean", "ensemble"]


def test_several_members_are_attacked(models):
    rows = ensemble(models, ATTACK, X, Y, members=["d", "b"])
    sources = dict.fromkeys(row["source"] for row in rows)
    assert list(sources) == ["clean", "ensemble", "d", "b"]


def test_an_ensemble_of_one_is_its_member(models):
    rows = ensemble({"a": models["a"]}, ATTACK, X, Y)
    for whole, member in zip(rows[::2], rows[1::2], strict=True):
        assert whole["error"] == member["error"]
        assert whole["confidence_on_errors"] == pytest.approx(
            member["confidence_on_errors"], rel=1e-5
        )


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"models": {}}, ValueError, "`models` is empty"),
        ({"models": {"f": lambda x: x}}, TypeError, "must be Keras models"),
        ({"models": {"ensemble": dense()}}, ValueError, "named 'ensemble'"),
        ({"members": ["x"]}, ValueError, "`members` names 'x'"),
        ({"attack": None}, TypeError, "advtext.attacks.Attack"),
        ({"probabilities": "tanh"}, ValueError, "probabilities='tanh'"),
    ],
)
def test_wrong_arguments_are_refused(models, given, error, message):
    with pytest.raises(error, match=message):
        ensemble(
            **{"models": models, "attack": ATTACK, "x": X, "y": Y, **given}
        )


def test_members_that_are_none_are_refused():
    with pytest.raises(ValueError, match="an ensemble needs a member"):
        Ensemble([])
    member = keras.Sequential([keras.layers.Dense(3, activation="softmax")])
    with pytest.raises(ValueError, match="ends in 'softmax'"):
        Ensemble([member])
