"""Labels of -1 or NaN, which are none."""

import keras
import numpy as np
from keras import ops

from advtext.heads import LABELS, head_of, knows_no_label
from advtext.masks import mask_of, with_mask

_SIGNED = "int", "float", "bfloat"


def are_signs(labels):
    """Returns whether the labels of an array are -1 and 1."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "if":
        return False
    return set(np.unique(labels[~np.isnan(labels)])) == {-1, 1}


def may_be_none(loss, y):
    """Returns whether labels may say that there is none."""
    if y is None or not knows_no_label(loss):
        return False
    dtype = keras.backend.standardize_dtype(y.dtype)
    return dtype.startswith(_SIGNED)


def rows_known(loss, y, logits):
    """Leaves out examples, those that lack one of several labels, too."""
    if not may_be_none(loss, y):
        return y, logits
    y = ops.convert_to_tensor(y)
    # False of NaN, too.
    known = y >= 0
    if len(known.shape) == len(logits.shape):
        known = ops.all(known, axis=-1)
    before = mask_of(logits)
    if before is not None:
        known = ops.logical_and(known, before)
    return ops.where(y >= 0, y, ops.zeros_like(y)), with_mask(logits, known)


def labels_known(loss, y, logits):
    """Leaves out single labels of several independent ones."""
    if not (may_be_none(loss, y) and _has_labels(loss, y, logits)):
        return rows_known(loss, y, logits)
    # Each is an example by itself: the mean is that over all that are known.
    before = mask_of(logits)
    y, logits = (ops.expand_dims(x, -1) for x in (y, logits))
    if before is not None:
        logits = with_mask(
            logits, ops.broadcast_to(before[..., None], ops.shape(y)[:-1])
        )
    return rows_known(loss, y, logits)


def labels_kept(loss, y, logits):
    """As `rows_known`; that one of several labels is none still shows (-1)."""
    kept, masked = rows_known(loss, y, logits)
    if may_be_none(loss, y) and _has_labels(loss, y, logits):
        y = ops.convert_to_tensor(y)
        kept = ops.where(y >= 0, y, -ops.ones_like(y))
    return kept, masked


def _has_labels(loss, y, logits):
    """Returns whether there are several labels, of which each is predicted."""
    return (
        head_of(loss) is LABELS
        and len(y.shape) == len(logits.shape) > 1
        and logits.shape[-1] != 1
        and getattr(loss, "axis", -1) == -1
    )
