"""Checks of what the functions of `advtext.losses` are called with."""

import keras
from keras import ops

from advtext.backend import ERRORS, at_least_float32
from advtext.quoting import quoted

_NO_TENSOR = AttributeError, OverflowError, TypeError, ValueError


def as_logits(name, values):
    """Returns logits as a tensor of at least float32.

    Raises:
        ValueError: If they are no tensor of two or more axes.
    """
    try:
        logits = at_least_float32(values)
        dtype = keras.backend.standardize_dtype(logits.dtype)
        if not dtype.startswith("float"):
            logits = ops.cast(logits, "float32")
    except (*_NO_TENSOR, *ERRORS):
        raise ValueError(
            f"`{name}` must be a tensor of numbers. Received: {quoted(values)}."
        ) from None
    if len(logits.shape) < 2 or logits.shape[-1] == 0:
        raise ValueError(
            f"`{name}` must be of shape (batch, num_classes) or (batch, 1). "
            f"Received: shape {tuple(logits.shape)}."
        )
    return logits


def as_labels(y, logits):
    """Returns labels as a tensor.

    Raises:
        ValueError: If they are not `(batch,)`, `(batch, 1)` or shaped like
            the logits.
    """
    y = as_tensor(y)
    rows = logits.shape[:1]
    shapes = rows, (*rows, 1), logits.shape
    if not any(alike(y.shape, shape) for shape in shapes):
        raise ValueError(
            "`y` must hold a label for each row of `logits`. Received: "
            f"y.shape={tuple(y.shape)}, logits.shape={tuple(logits.shape)}."
        )
    return y


def as_tensor(y):
    """Returns labels of any shape as a tensor, or raises `ValueError`."""
    try:
        if isinstance(y, (str, bytes)):
            # JAX takes it for the name of a type.
            raise TypeError
        tensor = ops.convert_to_tensor(y)
        numeric = keras.backend.standardize_dtype(tensor.dtype) != "string"
    except (*_NO_TENSOR, *ERRORS):
        numeric = False
    if not numeric:
        raise ValueError(
            f"`y` must be a tensor of labels. Received: {quoted(y)}."
        )
    return tensor


def check_alike(clean_logits, perturbed_logits):
    """Raises `ValueError` unless two predictions are of one shape."""
    if not alike(clean_logits.shape, perturbed_logits.shape):
        raise ValueError(
            "Both predictions must be of the same shape. Received: "
            f"clean_logits.shape={tuple(clean_logits.shape)}, "
            f"perturbed_logits.shape={tuple(perturbed_logits.shape)}."
        )


def alike(shape, other):
    """Returns whether shapes are equal, as far as they are known."""
    return len(shape) == len(other) and all(
        n == m or None in (n, m) for n, m in zip(shape, other, strict=True)
    )
