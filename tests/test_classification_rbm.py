import itertools

import keras
import numpy as np
import pytest
from keras import ops

from advtext.attacks import FastGradient
from advtext.losses import cross_entropy
from advtext.models import ClassificationRBM

RANDOM = np.random.default_rng(0)
NAMES = (
    "kernel",
    "class_kernel",
    "hidden_bias",
    "visible_bias",
    "class_bias",
)
X = RANDOM.random((7, 2, 2, 1)).astype("float32")
Y = np.arange(7) % 3


def rbm(**kwargs):
    """Returns an RBM of 4 pixels, 3 classes and 5 hidden units, and weights."""
    model = ClassificationRBM(3, 5, **{"seed": 0, **kwargs})
    model.build((None, 2, 2, 1))
    weights = {}
    for name in NAMES:
        weight = getattr(model, name)
        weights[name] = RANDOM.standard_normal(weight.shape)
        weight.assign(weights[name])
    return model, weights


def energies(weights, x):
    """Returns -E(x, y, h) of all classes and all states of the hidden units."""
    hidden = np.array(list(itertools.product((0.0, 1.0), repeat=5)))
    visible = x.reshape(len(x), -1).astype("float64")
    pixels = visible @ weights["visible_bias"]
    field = visible @ weights["kernel"] + weights["hidden_bias"]
    inputs = field[:, None] + weights["class_kernel"]
    return (
        pixels[:, None, None]
        + weights["class_bias"][:, None]
        + np.einsum("byj,hj->byh", inputs, hidden)
    )


def test_the_posterior_is_that_of_the_enumerated_distribution():
    model, weights = rbm()
    joint = np.exp(energies(weights, X)).sum(axis=2)
    exact = joint / joint.sum(axis=1, keepdims=True)
    found = np.asarray(ops.softmax(model(X)))
    np.testing.assert_allclose(found, exact, rtol=1e-4)


def test_the_free_energy_sums_the_hidden_units_out():
    model, weights = rbm()
    exact = -np.log(np.exp(energies(weights, X)).sum(axis=2))
    for y in range(3):
        one_hot = np.eye(3, dtype="float32")[[y] * 7]
        found = np.asarray(model.free_energy(X, one_hot))
        np.testing.assert_allclose(found, exact[:, y], rtol=1e-4)


def test_samples_follow_the_conditional_distributions():
    model, weights = rbm()
    x = np.repeat(X[:1], 20000, axis=0)
    y = np.eye(3, dtype="float32")[[1] * 20000]
    pixels, classes = (np.asarray(v) for v in model.sample(x, y))
    state = np.exp(energies(weights, X[:1])[0, 1])
    hidden = np.array(list(itertools.product((0.0, 1.0), repeat=5)))
    logits = weights["class_bias"] + hidden @ weights["class_kernel"].T
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = state @ p / state.sum()
    np.testing.assert_allclose(classes.mean(axis=0), expected, atol=0.015)
    visible = weights["visible_bias"] + hidden @ weights["kernel"].T
    expected = state @ (1 / (1 + np.exp(-visible))) / state.sum()
    np.testing.assert_allclose(pixels.mean(axis=0), expected, atol=0.015)


def test_the_joint_term_makes_the_data_likelier():
    """Of 4 binary pixels the likelihood can be summed up exactly."""
    x = np.array([[1, 1, 0, 0], [0, 0, 1, 1]] * 50, "float32")
    y = np.array([0, 1] * 50)
    every = np.array(list(itertools.product((0, 1), repeat=4)), "float32")

    def log_likelihood(model):
        total = np.logaddexp.reduce(
            np.ravel(
                [
                    -np.asarray(
                        model.free_energy(
                            every, np.eye(2, dtype="float32")[[c] * 16]
                        )
                    )
                    for c in (0, 1)
                ]
            )
        )
        one_hot = np.eye(2, dtype="float32")[y]
        return float(np.mean(-np.asarray(model.free_energy(x, one_hot)))) - (
            total
        )

    found = {}
    for weight in (0.0, 1.0):
        keras.utils.set_random_seed(0)
        model = ClassificationRBM(2, 8, generative_weight=weight, seed=1)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.05), loss)
        model.fit(x, y, batch_size=20, epochs=20, verbose=0)
        found[weight] = log_likelihood(model)
    # At best log(1 / 2): two kinds of examples, equally often.
    assert np.log(1 / 2) > found[1.0] > found[0.0] + 0.2


def test_contract(tmp_path):
    model, _ = rbm(generative_weight=0.5)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    model.fit(X, Y, verbose=0)
    tested = model.evaluate(X, Y, verbose=0)
    # What is tested is the posterior alone.
    expected = np.mean(np.asarray(cross_entropy(Y, model(X))))
    assert tested == pytest.approx(expected, rel=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.generative_weight == 0.5
    np.testing.assert_array_equal(np.asarray(loaded(X)), np.asarray(model(X)))


def test_it_can_be_attacked():
    model, _ = rbm()
    attack = FastGradient(0.1, norm="linf", value_range=(0.0, 1.0))
    before = np.asarray(cross_entropy(Y, model(X)))
    after = np.asarray(cross_entropy(Y, model(attack(model, X, Y))))
    assert np.all(after > before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 1}, "`num_classes` must be an integer of at least 2"),
        ({"units": 0}, "`units` must be an integer of at least 1"),
        ({"generative_weight": -1.0}, "`generative_weight` must be a finite"),
        (
            {"generative_weight": float("nan")},
            "must be a finite number of at least 0",
        ),
        (
            {"generative_weight": float("inf")},
            "must be a finite number of at least 0",
        ),
        ({"generative_weight": "a"}, "must be a finite number"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ClassificationRBM(**arguments)
