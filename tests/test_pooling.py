import numpy as np
import pytest
from keras import ops

from advtext import backend
from advtext.models.pooling import POOLINGS, pool, reverse

OUTPUTS = np.array(
    [
        [[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]],
        [[-7.0, 5.0], [8.0, 8.0], [-9.0, 9.0]],
        [[2.0, 0.0], [-1.0, 6.0], [5.0, 3.0]],
    ]
)
MASK = np.array([[1, 1, 0], [1, 0, 0], [1, 1, 1]], "bool")
BY_HAND = {
    "last": [[3.0, -2.0], [-7.0, 5.0], [5.0, 3.0]],
    "max": [[3.0, -2.0], [-7.0, 5.0], [5.0, 6.0]],
    "mean": [[2.0, -3.0], [-7.0, 5.0], [2.0, 3.0]],
}
BY_HAND["concat"] = np.concatenate(list(BY_HAND.values()), axis=1)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_worked_out_by_hand(pooling):
    result = pool(OUTPUTS, MASK, pooling)
    np.testing.assert_allclose(result, BY_HAND[pooling])


def test_reversal_worked_out_by_hand():
    expected = OUTPUTS.copy()
    expected[0, :2] = OUTPUTS[0, 1::-1]
    expected[2] = OUTPUTS[2, ::-1]
    np.testing.assert_array_equal(reverse(OUTPUTS, MASK), expected)


def test_reversal_twice_changes_nothing():
    twice = reverse(reverse(OUTPUTS, MASK), MASK)
    np.testing.assert_array_equal(twice, OUTPUTS)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_has_no_gradient(pooling):
    gradient = backend.input_gradient(
        lambda x: ops.sum(pool(x, MASK, pooling) ** 2), OUTPUTS
    )
    gradient = np.asarray(gradient)
    assert not gradient[~MASK].any()
    assert gradient.any(axis=(1, 2)).all()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_length_of_the_padding_does_not_matter(pooling):
    padding = ((0, 0), (0, 4), (0, 0))
    outputs = np.pad(OUTPUTS, padding, constant_values=1e3)
    result = pool(outputs, np.pad(MASK, padding[:2]), pooling)
    np.testing.assert_allclose(result, BY_HAND[pooling])


@pytest.mark.parametrize("pooling", POOLINGS)
def test_row_of_padding_alone_is_finite(pooling):
    result = pool(OUTPUTS, np.zeros((3, 3), "bool"), pooling)
    assert np.isfinite(result).all()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_of_padding_alone_the_first_step_is_read(pooling):
    outputs = np.random.default_rng(0).normal(size=(1, 4, 3))
    pooled = np.asarray(pool(outputs, np.zeros((1, 4), "bool"), pooling))
    expected = np.tile(outputs[:, 0], 3 if pooling == "concat" else 1)
    np.testing.assert_allclose(pooled, expected, rtol=1e-6)
