"""What the labels tell of a model that does not look at its input."""

import math

import keras
import numpy as np
from keras import ops

from advtext.heads import LABELS

# Of models of more classes (or labels) nothing is counted.
_MOST = 128
_CROSS_ENTROPIES = (
    keras.losses.BinaryCrossentropy,
    keras.losses.CategoricalCrossentropy,
    keras.losses.SparseCategoricalCrossentropy,
)


class LabelCounts(keras.metrics.Metric):
    """How often each class was a label; no part of the logs.

    Attributes:
        totals: `(2, 128)`: the weight of the examples of every class (or
            independent label), and of all that might have had it.
        counts: `(2,)`: number of known labels, and the weight of those that
            were predicted.
    """

    def __init__(self):
        super().__init__(name="label_counts", dtype="float32")
        self.totals = self.add_variable((2, _MOST), "zeros", dtype="float32")
        self.counts = self.add_variable((2,), "zeros", dtype="float32")

    def update_state(self, totals, counts):
        """Adds what `counted` returned for a batch."""
        room = [[0, 0], [0, _MOST - totals.shape[-1]]]
        self.totals.assign(self.totals + ops.pad(totals, room))
        self.counts.assign(self.counts + counts)

    def result(self):
        """Returns no logs."""
        return {}


def can_be_counted(loss, y, logits, head, sample_weight=None):
    """Returns whether a loss is that of one class, or label, an example."""
    if not isinstance(loss, _CROSS_ENTROPIES) or len(logits.shape) != 2:
        return False
    size = logits.shape[-1]
    shapes = [(size,)]
    if head is not LABELS or size == 1:
        shapes += [(), (1,)]
    weighted = () if sample_weight is None else tuple(sample_weight.shape[1:])
    return (
        size <= _MOST
        and tuple(y.shape[1:]) in shapes
        and weighted in ((), (1,))
    )


def counted(y, logits, head, sample_weight=None):
    """Counts the labels of a batch, those of -1 or NaN left out.

    Args:
        y: Labels: classes, one-hot, or independent ones.
        logits: `(batch, num_classes)` or `(batch, num_labels)`.
        head: What the predictions mean, `CLASSES` or `LABELS`.
        sample_weight: Weights of the examples, `(batch,)`, or `None`.

    Returns:
        `(totals, counts)`, see `LabelCounts`.
    """
    y, size = ops.cast(y, "float32"), logits.shape[-1]
    numbers = head is not LABELS and tuple(y.shape[1:]) != (size,)
    y = ops.reshape(y, (-1, 1 if numbers else size))
    known = ops.cast(y >= 0, "float32")
    y = ops.where(y >= 0, y, ops.zeros_like(y))
    if numbers:
        y = ops.one_hot(ops.cast(y[:, 0], "int32"), size)
    if head is LABELS:
        right = (logits > 0) == (y > 0.5)
    else:
        known = ops.min(known, axis=-1, keepdims=True)
        right = ops.argmax(y, axis=-1) == ops.argmax(logits, axis=-1)
        right = right[:, None]
    weight = known
    if sample_weight is not None:
        weight *= ops.reshape(ops.cast(sample_weight, "float32"), (-1, 1))
    totals = [weight * y, weight * ops.ones_like(y)]
    totals = ops.stack([ops.sum(total, axis=0) for total in totals])
    right = ops.sum(weight * ops.cast(right, "float32"))
    return totals, ops.stack([ops.sum(known), right])


def guessing(totals, counts, head, label_smoothing=0.0):
    """Returns what guessing by the shares of the classes comes to.

    Args:
        totals: `(2, num_classes)`, see `LabelCounts`.
        counts: `(2,)`, see `LabelCounts`.
        head: What the predictions mean, `CLASSES` or `LABELS`.
        label_smoothing: Of the loss.

    Returns:
        `(loss, most, accuracy)`: the least mean loss, in nats, the share that
        the most frequent class is right of, and that the model was right of.

    Example:

    >>> from advtext.heads import CLASSES
    >>> found = guessing([[9.0, 1.0], [10.0, 10.0]], [10.0, 8.0], CLASSES)
    >>> print(*(f"{value:.4f}" for value in found))
    0.3251 0.9000 0.8000
    """
    totals = np.asarray(totals, "float64")
    weights, all_weights = totals[:, totals[1] > 0]
    if not len(weights):
        return math.inf, 0.0, 0.0
    shares = weights / all_weights
    if head is LABELS:
        # A label is one of two classes, and counts by itself.
        shares = np.stack([shares, 1.0 - shares], axis=-1)
    else:
        shares, all_weights = shares[None], all_weights[:1]
    most = shares.max(axis=-1)
    smoothing = label_smoothing
    shares = (1.0 - smoothing) * shares + smoothing / shares.shape[-1]
    entropies = -np.sum(shares * np.log(np.maximum(shares, 1e-12)), axis=-1)
    known, right = counts
    loss = np.sum(all_weights * entropies) / known
    weight = np.sum(all_weights)
    most = np.sum(all_weights * most) / weight
    return float(loss), float(most), float(right / weight)
