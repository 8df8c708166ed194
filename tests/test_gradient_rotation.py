import numpy as np
import pytest
from keras import ops

from advtext.attacks import GradientRotation

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(6, 4)).astype("float32")
WEIGHTS = RANDOM.normal(size=4).astype("float32")


def loss_fn(x):
    return ops.sum(x * WEIGHTS)


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("epsilon", [1e-3, 0.5, 1.0])
def test_turns_by_the_angle_and_keeps_the_length(epsilon, targeted):
    attack = GradientRotation(epsilon, targeted=targeted)
    found = X + np.asarray(attack.perturbation(loss_fn, X))
    exact = X.astype("float64")
    size = np.linalg.norm(exact, axis=1)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), size, rtol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(found - exact, axis=1), epsilon, rtol=1e-3
    )
    # In the plane of input and gradient, to the side of the gradient.
    towards = -WEIGHTS if targeted else WEIGHTS
    along = exact / size[:, None]
    across = towards - (along @ towards)[:, None] * along
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    angle = 2 * np.arcsin(epsilon / (2 * size))
    expected = np.cos(angle)[:, None] * along + np.sin(angle)[:, None] * across
    np.testing.assert_allclose(found, size[:, None] * expected, atol=1e-5)


def test_no_direction_no_turn():
    attack = GradientRotation(0.5)
    parallel = np.stack([WEIGHTS, -2 * WEIGHTS])
    for x in (parallel[:1] * 0.0,):
        assert not np.asarray(attack.perturbation(loss_fn, x)).any()
    flat = attack.perturbation(lambda x: 0.0 * loss_fn(x), parallel)
    assert not np.asarray(flat).any()


def test_no_further_than_around():
    found = X + np.asarray(GradientRotation(1e3).perturbation(loss_fn, X))
    np.testing.assert_allclose(found, -X, atol=1e-5)
