"""Several tensors of a batch as one, `(batch, total)`, and back."""

import functools
import operator

import keras
from keras import ops


def in_a_row(tensors):
    """Returns tensors `(batch, ...)`, flattened, side by side.

    They are of one type, the smallest that holds all of theirs.
    """
    dtype = keras.backend.result_type(*(t.dtype for t in tensors))
    batch = ops.shape(tensors[0])[0]
    return ops.concatenate(
        [ops.reshape(ops.cast(t, dtype), (batch, -1)) for t in tensors], axis=1
    )


def masks_in_a_row(tensors, masks):
    """Returns the masks of tensors like `in_a_row`; `None` if there are none.

    Args:
        tensors: The tensors.
        masks: Of each the booleans over its first axes, or `None`.
    """
    if all(mask is None for mask in masks):
        return None
    places = []
    for tensor, mask in zip(tensors, masks, strict=True):
        place = ops.ones_like(tensor)
        if mask is not None:
            axes = len(tensor.shape) - len(mask.shape)
            shape = (*ops.shape(mask), *(1,) * axes)
            place = place * ops.cast(ops.reshape(mask, shape), place.dtype)
        places.append(place)
    return ops.cast(in_a_row(places), "bool")


def part(row, start, like):
    """Returns a part of a row in the shape and type of a tensor.

    Args:
        row: `(batch, total)`.
        start: Where the part begins.
        like: The tensor that stood there.

    Returns:
        `(part, end)`.
    """
    shape = ops.shape(like)
    end = start + functools.reduce(operator.mul, shape[1:], 1)
    return ops.cast(ops.reshape(row[:, start:end], shape), like.dtype), end
