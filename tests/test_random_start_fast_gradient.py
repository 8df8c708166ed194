import numpy as np
import pytest
from keras import ops

from advtext.attacks import FastGradient, RandomStartFastGradient

X = np.random.default_rng(0).normal(size=(5, 8)).astype("float32")


def loss_fn(x):
    return ops.sum(ops.square(x))


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_two_parts_add_up(norm):
    """The gradient is taken after the random step, as worked out by hand."""
    settings = {"random_share": 0.25, "seed": 0}
    attack = RandomStartFastGradient(0.8, norm, **settings)
    found = np.asarray(attack.perturbation(loss_fn, X))
    start = RandomStartFastGradient(0.8, norm, random_share=1.0, seed=0)
    start = 0.25 * np.asarray(start.perturbation(loss_fn, X))
    gradient = 2 * (X + start)
    if norm == "linf":
        np.testing.assert_allclose(np.abs(start), 0.2, rtol=1e-6)
        step = np.sign(gradient)
    else:
        step = gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
    np.testing.assert_allclose(found, start + 0.6 * step, atol=1e-6)


def test_without_a_random_share_it_is_the_fast_gradient():
    attack = RandomStartFastGradient(0.3, random_share=0.0)
    np.testing.assert_allclose(
        attack.perturbation(loss_fn, X),
        FastGradient(0.3, "linf").perturbation(loss_fn, X),
        rtol=1e-6,
    )


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_wrong_share_is_refused(share):
    with pytest.raises(ValueError, match="`random_share` must be from 0 to 1"):
        RandomStartFastGradient(0.1, random_share=share)
