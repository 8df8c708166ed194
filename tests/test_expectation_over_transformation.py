import keras
import numpy as np
import pytest
from keras import ops

from advtext.attacks import (
    ExpectationOverTransformation,
    FastGradient,
    ProjectedGradientDescent,
    VirtualAdversarial,
)

X = np.zeros((1, 2), "float32")


def flipped(x, seed):
    """Turns the second coordinate around, every other time."""
    sign = keras.random.uniform((), seed=seed) < 0.5
    return x * ops.stack([1.0, ops.where(sign, 1.0, -1.0)])


def loss_fn(x):
    return ops.sum(x * np.array([1.0, 10.0], "float32"), axis=-1)


def test_what_changes_with_the_transformation_cancels():
    attack = FastGradient(1.0)
    alone = np.asarray(attack.perturbation(loss_fn, X))
    assert alone[0, 1] > 0.99
    many = ExpectationOverTransformation(attack, flipped, 400, seed=0)
    found = np.asarray(many.perturbation(loss_fn, X))
    assert found[0, 0] > 0.7
    np.testing.assert_allclose(np.linalg.norm(found), 1.0, rtol=1e-6)


def test_every_step_draws_anew():
    attack = ProjectedGradientDescent(1e3, 1.0, num_steps=60, norm="linf")
    attack = ExpectationOverTransformation(attack, flipped, 1, seed=0)
    found = np.asarray(attack.perturbation(loss_fn, X))
    # 60 steps to the right, and a random walk of 60 steps upwards.
    assert found[0, 0] == 60 and abs(found[0, 1]) < 40


def test_settings_are_those_of_the_attack():
    inner = FastGradient(0.5, "linf", value_range=(0.0, 1.0))
    attack = ExpectationOverTransformation(inner, flipped)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    found = np.asarray(attack(model, X + 0.2, [1]))
    assert found.min() >= 0.0 and np.abs(found - 0.2).max() <= 0.5 + 1e-6
    assert len(attack.seed_generators) == 2


def test_wrong_settings_are_refused():
    with pytest.raises(TypeError, match="`attack` must be an advtext.attacks"):
        ExpectationOverTransformation(lambda x: x, flipped)
    with pytest.raises(TypeError, match="raises a loss.*VirtualAdversarial"):
        ExpectationOverTransformation(VirtualAdversarial(1.0), flipped)
    with pytest.raises(ValueError, match="`num_samples` must be an integer"):
        ExpectationOverTransformation(FastGradient(1.0), flipped, 0)
