import numpy as np
import pytest

from advtext.attacks import RandomNoise

X = np.zeros((50, 6, 4), "float32")


def lengths(x):
    return np.linalg.norm(np.asarray(x, "float64").reshape(len(x), -1), axis=1)


def test_noise_has_the_length_and_the_seed():
    first, second = (RandomNoise(2.0, seed=1) for _ in range(2))
    noise = first.perturbation(None, X)
    np.testing.assert_allclose(lengths(noise), 2.0, rtol=1e-6)
    np.testing.assert_array_equal(noise, second.perturbation(None, X))
    assert np.any(noise != first.perturbation(None, X))


def test_other_norms():
    signs = np.asarray(RandomNoise(0.5, "linf", seed=0).perturbation(None, X))
    assert set(np.unique(signs)) == {-0.5, 0.5}
    assert abs(signs.mean()) < 0.05
    single = np.asarray(RandomNoise(0.5, "l1", seed=0).perturbation(None, X))
    assert np.all(np.count_nonzero(single.reshape(50, -1), axis=1) == 1)


def test_every_direction_is_as_likely():
    noise = np.asarray(RandomNoise(1.0, seed=0).perturbation(None, X))
    noise = noise.reshape(50, -1)
    assert np.abs(noise.mean(axis=0)).max() < 4 / np.sqrt(24 * 50)
    np.testing.assert_allclose((noise**2).mean(), 1 / 24, rtol=1e-5)


def test_masked_steps_are_untouched():
    mask = np.arange(6) < np.arange(50)[:, None] % 7
    noise = np.asarray(RandomNoise(2.0, seed=0).perturbation(None, X, mask))
    assert not noise[~mask].any()
    expected = np.where(mask.any(axis=1), 2.0, 0.0)
    np.testing.assert_allclose(lengths(noise), expected, rtol=1e-6)


def test_epsilon_0_gives_exactly_zero():
    assert not np.any(RandomNoise(0.0, seed=0).perturbation(None, X))


def test_bad_seed_is_refused():
    with pytest.raises(ValueError, match="`seed`"):
        RandomNoise(1.0, seed="0")


def test_distributions():
    signs = RandomNoise(1.2, "l2", seed=0, distribution="sign")
    signs = np.asarray(signs.perturbation(None, X))
    np.testing.assert_allclose(np.abs(signs), 1.2 / np.sqrt(24), rtol=1e-6)
    uniform = RandomNoise(0.25, "linf", seed=0, distribution="uniform")
    uniform = np.asarray(uniform.perturbation(None, X))
    assert np.abs(uniform).max() <= 0.25
    np.testing.assert_allclose(uniform.std(), 0.25 / np.sqrt(3), rtol=0.03)
    ball = RandomNoise(2.0, "l2", seed=0, distribution="uniform")
    sizes = lengths(ball.perturbation(None, X))
    assert sizes.max() <= 2.0 < 2.2 * np.median(sizes)


def test_unknown_distribution_is_refused():
    with pytest.raises(ValueError, match="`distribution` must be one of.*'x'"):
        RandomNoise(1.0, distribution="x")
