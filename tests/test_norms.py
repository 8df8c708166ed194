import keras
import numpy as np
import pytest
from keras import ops

from advtext import attacks
from advtext.attacks.norms import (
    NORMS,
    check_norm,
    direction,
    length,
    project,
    random_in_ball,
)

ORDERS = {"l1": 1, "l2": 2, "linf": np.inf}


def rows(shape=(3, 4, 5), scale=1.0, dtype="float32"):
    random = np.random.default_rng(0)
    return (scale * random.normal(size=shape)).astype(dtype)


def numpy_length(x, norm):
    flat = np.asarray(x, "float64").reshape(len(x), -1)
    return np.linalg.norm(flat, ORDERS[norm], axis=1)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("shape", [(3, 4), (2, 5, 3), (2, 3, 3, 1)])
def test_directions_have_the_shape_and_length_1(norm, shape):
    result = np.asarray(direction(rows(shape), norm))
    assert result.shape == shape
    assert result.dtype == "float32"
    np.testing.assert_allclose(numpy_length(result, norm), 1.0, rtol=1e-6)
    assert length(result, norm).shape == shape[:1]


@pytest.mark.parametrize("norm", NORMS)
def test_lengths_equal_numpy(norm):
    x = rows()
    np.testing.assert_allclose(
        length(x, norm), numpy_length(x, norm), rtol=1e-6
    )


@pytest.mark.parametrize("scale", [1e-30, 1e-14, 1e-7, 1.0, 1e14, 1e30])
def test_l2_equals_float64_whatever_the_scale(scale):
    x = rows((3, 40, 20), scale)
    exact = x.astype("float64")
    exact /= numpy_length(x, "l2")[:, None, None]
    np.testing.assert_allclose(
        numpy_length(direction(x, "l2"), "l2"), 1.0, rtol=1e-6
    )
    np.testing.assert_allclose(direction(x, "l2"), exact, rtol=1e-5)
    np.testing.assert_allclose(
        length(x, "l2"), numpy_length(x, "l2"), rtol=1e-6
    )


@pytest.mark.parametrize("scale", [1e-7, 1e-5, 1.0, 1e3])
def test_l2_in_half_precision(scale):
    x = rows((3, 40, 20), scale, "float16")
    result = np.asarray(direction(x, "l2"))
    assert result.dtype == "float16"
    np.testing.assert_allclose(numpy_length(result, "l2"), 1.0, rtol=1e-3)


def test_directions_worked_out_by_hand():
    x = np.array([[3.0, -4.0, 0.0], [2.0, -2.0, 1.0]], "float32")
    np.testing.assert_allclose(
        direction(x, "l2"), [[0.6, -0.8, 0], [2 / 3, -2 / 3, 1 / 3]], rtol=1e-6
    )
    np.testing.assert_array_equal(direction(x, "linf"), np.sign(x))
    np.testing.assert_array_equal(
        direction(x, "l1"), [[0, -1, 0], [0.5, -0.5, 0]]
    )


@pytest.mark.parametrize("norm", NORMS)
def test_no_vector_of_length_1_ascends_more_steeply(norm):
    gradient = rows((1, 6))
    steepest = np.sum(gradient * np.asarray(direction(gradient, norm)))
    others = rows((500, 6))[1:]
    others /= numpy_length(others, norm)[:, None]
    assert steepest > np.max(others @ gradient[0])
    dual = {"l1": "linf", "l2": "l2", "linf": "l1"}[norm]
    np.testing.assert_allclose(
        steepest, numpy_length(gradient, dual)[0], rtol=1e-6
    )


@pytest.mark.parametrize("norm", NORMS)
def test_zero_stays_zero_beside_others(norm):
    x = rows((3, 2, 2))
    x[1] = 0.0
    result = np.asarray(direction(x, norm))
    assert not result[1].any()
    assert np.isfinite(result).all()
    np.testing.assert_allclose(length(result, norm), [1.0, 0.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_not_a_number_is_passed_on_within_its_example(norm):
    x = rows((2, 3))
    x[0, 1] = np.nan
    result = np.asarray(direction(x, norm))
    assert np.isnan(result[0]).any()
    assert np.isfinite(result[1]).all()


def test_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="'l1', 'l2', 'linf'.*norm='l3'"):
        check_norm("l3")


def nearest_in_l1(v, radius):
    """By bisection on how much all coordinates are lowered."""
    low, high = 0.0, np.abs(v).max()
    if np.abs(v).sum() <= radius:
        return v
    for _ in range(80):
        middle = (low + high) / 2
        above = np.maximum(np.abs(v) - middle, 0).sum() > radius
        low, high = (middle, high) if above else (low, middle)
    return np.sign(v) * np.maximum(np.abs(v) - high, 0)


@pytest.mark.parametrize("radius", [0.0, 0.3, 2.0, 1e3])
@pytest.mark.parametrize("per_example", [False, True])
def test_projections_are_the_nearest_points(radius, per_example):
    x = rows((4, 3, 5))
    radii = np.full((4, 1, 1), radius, "float32")
    given = radii if per_example else np.float32(radius)
    exact = x.astype("float64").reshape(4, -1)
    sizes = np.linalg.norm(exact, axis=1, keepdims=True)
    expected = {
        "linf": np.clip(exact, -radius, radius),
        "l2": exact * np.minimum(1.0, radius / sizes),
        "l1": np.stack([nearest_in_l1(row, radius) for row in exact]),
    }
    for norm in NORMS:
        result = np.asarray(project(x, given, norm)).reshape(4, -1)
        np.testing.assert_allclose(result, expected[norm], atol=2e-6)


def test_radii_differ_from_example_to_example():
    x = np.ones((3, 4), "float32")
    radii = np.array([[0.0], [1.0], [9.0]], "float32")
    for norm in NORMS:
        result = project(x, radii, norm)
        full = length(x, norm)
        expected = np.minimum(radii[:, 0], full)
        np.testing.assert_allclose(length(result, norm), expected, rtol=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_random_points_fill_the_ball_evenly(norm):
    seed = keras.random.SeedGenerator(0)
    x = np.asarray(random_in_ball((20_000, 2, 1), "float32", norm, seed))
    sizes = numpy_length(x, norm)
    assert sizes.max() <= 1.0 + 1e-6
    # In two dimensions a quarter of the points are in the ball of radius 1/2.
    np.testing.assert_allclose((sizes < 0.5).mean(), 0.25, atol=0.015)
    np.testing.assert_allclose(x.mean(axis=0), 0.0, atol=0.02)
    # Evenly in every quarter, and on both sides of its middle.
    angles = np.arctan2(x[:, 0, 0], x[:, 1, 0])
    counts, _ = np.histogram(angles, bins=8, range=(-np.pi, np.pi))
    np.testing.assert_allclose(counts / len(x), 1 / 8, atol=0.012)


def test_projection_in_half_precision():
    """bfloat16 counts to 256 only."""
    x = ops.cast(rows((2, 768)), "bfloat16")
    found = project(x, ops.cast(8.0, "bfloat16"), "l1")
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    found = np.asarray(ops.cast(found, "float32"))
    np.testing.assert_allclose(numpy_length(found, "l1"), 8.0, rtol=5e-3)
    seed = keras.random.SeedGenerator(0)
    ball = random_in_ball((4, 768), "bfloat16", "l1", seed)
    sizes = numpy_length(ops.cast(ball, "float32"), "l1")
    assert np.all((sizes > 0.97) & (sizes < 1.01))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("norm", NORMS)
def test_norms_of_long_inputs_in_half_precision(dtype, norm):
    """Their l1 length is above the largest float16, 65,504."""
    x = ops.cast(rows((2, 200, 300), 2.0), dtype)
    exact = numpy_length(ops.cast(x, "float32"), norm)
    found = length(x, norm)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_allclose(found, exact, rtol=1e-4)
    steepest = direction(x, norm)
    inside = project(x, ops.cast(3.0, dtype), norm)
    seed = keras.random.SeedGenerator(0)
    random = random_in_ball((2, 200, 300), dtype, norm, seed)
    for result, size in ((steepest, 1.0), (inside, 3.0), (random, 1.0)):
        assert keras.backend.standardize_dtype(result.dtype) == dtype
        sizes = numpy_length(ops.cast(result, "float32"), norm)
        np.testing.assert_allclose(sizes, size, rtol=0.02)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("norm", ["l2", "l1", "linf"])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_attacks_in_half_precision_keep_their_lengths(dtype, norm, scale):
    """Long inputs, of which a length in float16 would overflow."""
    keras.utils.set_random_seed(0)
    x = ops.cast(scale * np.random.normal(size=(2, 200, 300)), dtype)
    attack = attacks.ProjectedGradientDescent(
        1.0, norm=norm, num_steps=3, momentum=0.9
    )
    found = attack.perturbation(lambda z: ops.sum(z * z, axis=(1, 2)), x)
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    sizes = np.asarray(length(found, norm), "float32")
    np.testing.assert_allclose(sizes, 1.0, rtol=0.02)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    "attack",
    [
        attacks.FastGradient(1.0),
        attacks.GradientRotation(1.0),
        attacks.RandomNoise(1.0, seed=0),
        attacks.RandomStartFastGradient(1.0, "l1", seed=0),
    ],
    ids=lambda attack: type(attack).__name__,
)
def test_every_attack_runs_in_half_precision(attack, dtype):
    keras.utils.set_random_seed(0)
    x = ops.cast(np.random.normal(size=(2, 30, 10)), dtype)
    found = attack.perturbation(lambda z: ops.sum(z**3, axis=(1, 2)), x)
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    sizes = np.asarray(length(found, "l2"), "float32")
    assert np.all((sizes > 0.02) & (sizes < 1.02))


def test_a_gradient_that_is_not_finite_counts_only_where_it_is_unmasked():
    """The square root's at 0 is infinite, times zero NaN."""
    mask = np.array([[False, False], [True, False]])
    for attack in (
        attacks.FastGradient(1.0),
        attacks.ProjectedGradientDescent(
            1.0, norm="l2", num_steps=2, momentum=0.5
        ),
    ):
        x = np.array([[0.0, 0.0], [4.0, 0.0]], "float32")
        found = attack.perturbation(
            lambda z: ops.sum(ops.sqrt(z * z), axis=-1), x, mask
        )
        np.testing.assert_allclose(found, [[0, 0], [1, 0]], rtol=1e-5)
