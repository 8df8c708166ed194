import numpy as np
import pytest

from advtext.attacks.norms import NORMS, check_norm, direction, length

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
