import keras
import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.attacks import FastGradient

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(3, 4, 5)).astype("float32")
WEIGHTS = RANDOM.normal(size=(20,)).astype("float32")


def loss_fn(x):
    products = ops.reshape(x, (-1, 20)) @ WEIGHTS[:, None]
    return ops.sum(ops.square(products) + ops.exp(0.1 * products))


def gradient_by_hand(x):
    x, weights = x.astype("float64").reshape(-1, 20), WEIGHTS.astype("float64")
    product = (x @ weights)[:, None]
    gradient = (2 * product + 0.1 * np.exp(0.1 * product)) * weights
    return gradient.reshape(-1, 4, 5)


def lengths(x):
    return np.linalg.norm(np.asarray(x, "float64").reshape(len(x), -1), axis=1)


def test_perturbation_equals_the_formula_by_hand():
    gradient = gradient_by_hand(X)
    expected = 5.0 * gradient / lengths(gradient)[:, None, None]
    result = FastGradient(epsilon=5.0).perturbation(loss_fn, X)
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(lengths(result), 5.0, rtol=1e-6)


@pytest.mark.parametrize(
    "norm, formula",
    [
        ("linf", np.sign),
        (
            "l1",
            lambda g: (
                np.sign(g) * (abs(g) == abs(g).max(axis=(1, 2), keepdims=True))
            ),
        ),
    ],
)
def test_other_norms_by_hand(norm, formula):
    result = FastGradient(0.25, norm).perturbation(loss_fn, X)
    expected = 0.25 * formula(gradient_by_hand(X))
    np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
def test_loss_rises_and_falls_with_the_sign(norm):
    attack = FastGradient(1e-2, norm)
    here = float(loss_fn(X))
    assert float(loss_fn(X + attack.perturbation(loss_fn, X))) > here
    attack = FastGradient(1e-2, norm, targeted=True)
    assert float(loss_fn(X + attack.perturbation(loss_fn, X))) < here


def test_l2_step_is_the_best_of_its_length():
    step = FastGradient(1e-2).perturbation(loss_fn, X[:1])
    gain = float(loss_fn(X[:1] + step))
    for _ in range(50):
        other = RANDOM.normal(size=(1, 4, 5))
        other = 1e-2 * other / lengths(other)
        assert float(loss_fn(X[:1] + other.astype("float32"))) < gain


@pytest.mark.parametrize("scale", [1e-14, 1e-9, 1.0, 1e9, 1e14])
def test_length_is_exact_whatever_the_scale_of_the_gradient(scale):
    gradient = (scale * RANDOM.normal(size=(2, 400, 16))).astype("float32")
    for given in ({}, {"gradient": gradient}):
        result = FastGradient(5.0).perturbation(
            lambda x: ops.sum(x * gradient), np.zeros_like(gradient), **given
        )
        np.testing.assert_allclose(lengths(result), 5.0, rtol=1e-6)
        cosine = np.sum(np.asarray(result, "float64") * gradient)
        np.testing.assert_allclose(
            cosine / 5.0 / lengths(gradient).sum(), 1.0, rtol=1e-6
        )


@pytest.mark.parametrize("norm", ["l1", "l2", "linf"])
def test_zero_gradient_gives_zero(norm):
    flat = lambda x: ops.sum(x[1:] ** 2) + 0.0 * ops.sum(x)  # noqa: E731
    result = np.asarray(FastGradient(5.0, norm).perturbation(flat, X))
    assert not result[0].any()
    assert result[1:].any(axis=(1, 2)).all()
    assert np.isfinite(result).all()
    constant = FastGradient(5.0, norm).perturbation(lambda x: ops.ones(()), X)
    assert not np.asarray(constant).any()


def test_masked_steps_are_untouched_and_the_length_kept():
    mask = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]], "bool")
    result = np.asarray(FastGradient(5.0).perturbation(loss_fn, X, mask))
    assert not result[~mask].any()
    np.testing.assert_allclose(lengths(result), [5.0, 5.0, 0.0], rtol=1e-6)
    gradient = gradient_by_hand(X) * mask[:, :, None]
    expected = 5.0 * gradient[0] / lengths(gradient)[0]
    np.testing.assert_allclose(result[0], expected, rtol=1e-4)


def test_known_gradient_is_taken_and_nothing_computed():
    def never(x):
        raise AssertionError("the loss was computed")

    known = FastGradient(2.0).perturbation(
        never, X, gradient=gradient_by_hand(X).astype("float32")
    )
    computed = FastGradient(2.0).perturbation(loss_fn, X)
    np.testing.assert_allclose(known, computed, rtol=1e-4, atol=1e-6)


def test_epsilon_0_gives_exactly_zero():
    assert not np.any(FastGradient(0.0).perturbation(loss_fn, X))


@pytest.mark.parametrize("known", [False, True])
def test_perturbation_is_a_constant_to_every_gradient(known):
    attack = FastGradient(5.0)

    def objective(x):
        gradient = 3.0 * x if known else None
        perturbation = attack.perturbation(loss_fn, x, gradient=gradient)
        return ops.sum(x * perturbation), perturbation

    *_, perturbation, _, gradient = backend.value_and_gradients(
        objective, [], X
    )
    np.testing.assert_allclose(gradient, perturbation)


@pytest.mark.parametrize("norm, dual", [("linf", 1), ("l2", 2), ("l1", np.inf)])
def test_worst_case_of_logistic_regression(norm, dual):
    """The attack is exact: its loss is the closed form of the worst case."""
    weights = RANDOM.normal(size=20)
    x = RANDOM.normal(size=(30, 20)).astype("float32")
    y = np.arange(30) % 2
    model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(1)])
    model.set_weights([weights[:, None], np.array([0.3])])
    for epsilon in (0.0, 0.25, 2.0):
        found = np.asarray(FastGradient(epsilon, norm)(model, x, y), "float64")
        margin = (2 * y - 1) * (x.astype("float64") @ weights + 0.3)
        worst = np.logaddexp(
            0.0, epsilon * np.linalg.norm(weights, dual) - margin
        )
        attained = (2 * y - 1) * (found @ weights + 0.3)
        np.testing.assert_allclose(
            np.logaddexp(0.0, -attained), worst, rtol=1e-5, atol=1e-6
        )
