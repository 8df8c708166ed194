import keras
import numpy as np
import pytest
from keras import ops

from advtext.heads import CLASSES, LABELS
from advtext.training.label_counts import (
    LabelCounts,
    can_be_counted,
    counted,
    guessing,
)

BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
ONE_HOT = keras.losses.CategoricalCrossentropy(
    from_logits=True, label_smoothing=0.1
)
LOGITS = np.array([[2.0, 0, 0], [0, 2, 0], [2, 0, 0], [2, 0, 0]], "float32")
WEIGHT = np.array([1.0, 2.0, 3.0, 4.0], "float32")


def tensor(x):
    return ops.convert_to_tensor(x)


def sums(*arguments):
    counts = LabelCounts()
    counts.update_state(*counted(*arguments))
    return np.asarray(counts.totals), np.asarray(counts.counts)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("one_hot", [False, True])
def test_classes_by_hand(weight, one_hot):
    y = np.array([0, 1, 2, -1])
    if one_hot:
        y = np.eye(4, dtype="float32")[:, :3]
        y[3] = np.nan
    totals, counts = sums(tensor(y), tensor(LOGITS), CLASSES, weight)
    expected = [1, 2, 3] if weight is not None else [1, 1, 1]
    np.testing.assert_array_equal(totals[0, :3], expected)
    np.testing.assert_array_equal(totals[1, :3], sum(expected))
    assert not totals[:, 3:].any()
    np.testing.assert_array_equal(counts, [3, sum(expected[:2])])


def test_labels_by_hand():
    y = np.array([[1, 0, 1], [-1, 1, 0], [1, -1, -1], [0, 0, 0]])
    totals, counts = sums(tensor(y), tensor(LOGITS - 1.0), LABELS)
    np.testing.assert_array_equal(totals[0, :3], [2, 1, 1])
    np.testing.assert_array_equal(totals[1, :3], [3, 3, 3])
    # Wrong are the third label of the first row, the first of the last.
    np.testing.assert_array_equal(counts, [9, 7])


@pytest.mark.parametrize(
    "loss, head, y, weight",
    [
        (BINARY, LABELS, np.arange(40) % 10 == 0, None),
        (BINARY, LABELS, np.arange(40) % 10 > 0, np.linspace(0.1, 2, 40)),
        (SPARSE, CLASSES, np.arange(40) % 5 % 3, None),
        (SPARSE, CLASSES, np.arange(40) % 5 % 3, np.linspace(0.1, 2, 40)),
        (ONE_HOT, CLASSES, np.eye(3)[np.arange(40) % 5 % 3], None),
    ],
)
def test_no_constant_has_a_smaller_loss(loss, head, y, weight):
    """The loss that Keras computes, by the best of many constant logits."""
    y = tensor(np.asarray(y, "float32"))
    size = 1 if head is LABELS else 3
    if size == 1:
        y = y[:, None]
    if weight is not None:
        weight = tensor(weight.astype("float32"))
    totals, counts = sums(y, ops.zeros((40, size)), head, weight)
    smoothing = getattr(loss, "label_smoothing", 0.0)
    guess = guessing(totals, counts, head, smoothing)[0]
    grid = np.stack(np.meshgrid(*[np.linspace(-4, 4, 41)] * 2), -1)
    constants = grid.reshape(-1, 2) if size == 3 else grid[0, :, :1]
    losses = []
    for constant in constants:
        row = np.append(constant, [0.0] * (size - len(constant)))
        logits = ops.tile(tensor(row.astype("float32")[None]), (40, 1))
        losses.append(float(loss(y, logits, weight)))
    assert guess <= min(losses) + 1e-6
    assert guess == pytest.approx(min(losses), rel=0.01)


def test_what_is_not_counted():
    y, z = np.zeros(4), LOGITS
    assert can_be_counted(SPARSE, y, z, CLASSES)
    assert can_be_counted(BINARY, y, z[:, :1], LABELS)
    assert not can_be_counted(BINARY, y, z, LABELS)
    assert not can_be_counted(SPARSE, y, z, CLASSES, np.ones((4, 3)))
    assert not can_be_counted(SPARSE, y, np.zeros((4, 200)), CLASSES)
    assert not can_be_counted(SPARSE, np.zeros((4, 2)), z, CLASSES)
    assert not can_be_counted(lambda y, z: z, y, z, CLASSES)
