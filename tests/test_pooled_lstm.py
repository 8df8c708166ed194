import numpy as np
import pytest
from backends import ON_TENSORFLOW

from advtext import backend
from advtext.layers import LSTM

pytestmark = pytest.mark.skipif(
    not ON_TENSORFLOW, reason="on JAX every number of tokens is compiled"
)
UNITS, DIM, COUNT = 5, 4, 7
POOLINGS = "last", "max", "mean"
RANDOM = np.random.default_rng(0)
KERNEL, RECURRENT, BIAS = (
    RANDOM.normal(size=shape)
    for shape in ((DIM, 4 * UNITS), (UNITS, 4 * UNITS), (4 * UNITS,))
)
VECTORS = RANDOM.normal(size=(COUNT, DIM))


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def by_hand(row):
    """Returns the outputs over one document, `(time, units)`, in float64."""
    h, c, outputs = np.zeros(UNITS), np.zeros(UNITS), []
    for index in row:
        gates = VECTORS[index] @ KERNEL + h @ RECURRENT + BIAS
        i, f, g, o = np.split(gates, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.array(outputs)


def documents(number, time):
    indices = RANDOM.integers(0, COUNT, (number, time)).astype("int32")
    lengths = RANDOM.integers(1, time + 1, number).astype("int32")
    outputs = [
        by_hand(row[:n]) for row, n in zip(indices, lengths, strict=True)
    ]
    expected = [
        [each[-1] for each in outputs],
        [each.max(axis=0) for each in outputs],
        [each.mean(axis=0) for each in outputs],
    ]
    return indices, lengths, expected


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize(
    "number, time", [(1, 1), (1, 30), (2, 8), (3, 9), (9, 40)]
)
def test_equals_the_steps_by_hand(number, time, cores, monkeypatch):
    monkeypatch.setattr(
        "advtext.backend.tensorflow_lstm_steps.num_cores", lambda: cores
    )
    indices, lengths, expected = documents(number, time)
    found = backend.pooled_lstm(
        *map(np.asarray, (VECTORS, indices, lengths)),
        *(KERNEL, RECURRENT, BIAS),
        POOLINGS,
    )
    for each, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(each, other, rtol=1e-10, atol=1e-12)


def test_what_stands_behind_the_end_is_never_read():
    indices, lengths, _ = documents(6, 20)
    layer = LSTM(UNITS)
    layer.build((None, None, DIM))
    table = VECTORS.astype("float32")
    expected = layer.pooled(table, indices, lengths, ("max",))[0]
    indices[np.arange(20) >= lengths[:, None]] = COUNT - 1
    longer = np.pad(indices, ((0, 0), (0, 9)))
    for rows in (indices, longer):
        found = layer.pooled(table, rows, lengths, ("max",))[0]
        np.testing.assert_array_equal(found, expected)


def test_the_layer_hands_over_its_weights_and_rounds_as_it_is_told():
    indices, lengths, expected = documents(4, 12)
    layer = LSTM(UNITS)
    layer.build((None, None, DIM))
    layer.set_weights([KERNEL, RECURRENT, BIAS])
    table = VECTORS.astype("float32")
    found = layer.pooled(table, indices, lengths, POOLINGS)
    for each, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(each, other, rtol=1e-4, atol=1e-5)
    with backend.matmul_dtype("bfloat16"):
        (low,) = layer.pooled(table, indices, lengths, ("last",))
    assert 1e-5 < np.abs(low - found[0]).max() < 0.1


def test_distinct_numbers_and_where_they_are():
    ids = np.array([[5, 3, 5], [0, 0, 3]])
    numbers, indices = map(np.asarray, backend.distinct(ids))
    assert sorted(numbers) == [0, 3, 5]
    np.testing.assert_array_equal(numbers[indices], ids)
