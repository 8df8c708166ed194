"""Checks of what attacks are given."""

import keras
import numpy as np

from advtext.arguments import check_count as check_count
from advtext.arguments import check_length as check_length
from advtext.arguments import check_seed as check_seed
from advtext.logits import check_keras_3
from advtext.quoting import quoted


def check_targeted(targeted):
    """Returns `False`, `True` or `"least_likely"`, or raises `ValueError`."""
    if not isinstance(targeted, (bool, str)) or (
        isinstance(targeted, str) and targeted != "least_likely"
    ):
        raise ValueError(
            "`targeted` must be True, False or 'least_likely'. "
            f"Received: targeted={quoted(targeted)}."
        )
    return targeted


def check_loss(loss):
    """Returns a function or `None`, or raises `TypeError`."""
    if loss is not None and not callable(loss):
        raise TypeError(
            "`loss` must be a function from labels and logits to losses "
            f"(batch,), or None. Received: loss={quoted(loss)}."
        )
    return loss


def check_model(model):
    """Raises `TypeError` unless a model can be called."""
    check_keras_3(model)
    if not callable(model):
        raise TypeError(
            "`model` must be a Keras model, or a function from inputs to "
            f"logits. Received: {quoted(model)}."
        )


def as_array(name, values):
    """Returns a NumPy array, or raises `ValueError` for ragged lists."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(
            f"`{name}` must be an array: its rows must be of one length."
        ) from None


def check_value_range(value_range):
    """Returns `(lowest, highest)` or `None`, or raises `ValueError`."""
    if value_range is None:
        return None
    try:
        lowest, highest = map(float, value_range)
    # A symbolic tensor cannot be iterated.
    except (TypeError, ValueError, OverflowError, NotImplementedError):
        lowest = highest = 0.0
    if isinstance(value_range, str) or not lowest < highest:
        raise ValueError(
            "`value_range` must be (lowest, highest), two numbers with lowest "
            f"< highest. Received: value_range={quoted(value_range)}."
        )
    return lowest, highest


def check_own_labels(y, num_examples, dtype):
    """Returns what a loss of one's own takes as tensors, by their length.

    Args:
        y: Array, or of several outputs a structure of them.
        num_examples: Number of examples.
        dtype: Type of the inputs, for floats.

    Raises:
        ValueError: If there is not one for each example.
    """

    def checked(values):
        values = as_array("y", values)
        if values.shape[:1] != (num_examples,):
            raise ValueError(
                f"`y` must hold one label for each of {num_examples} "
                f"examples. Received: shape {values.shape}."
            )
        kind = dtype if values.dtype.kind == "f" else None
        return keras.ops.convert_to_tensor(values, kind)

    if isinstance(y, (list, tuple)) and not all(np.ndim(part) for part in y):
        return checked(y)
    return keras.tree.map_structure(checked, y)


def check_labels(y, num_examples, num_logits):
    """Returns labels as an array, or raises `ValueError`.

    Args:
        y: Integers `(batch,)` or `(batch, 1)`, or one-hot
            `(batch, num_classes)`.
        num_examples: Number of examples.
        num_logits: Logits of an example; 1 is two classes.
    """
    y = as_array("y", y)
    if y.dtype.kind not in "biuf":
        raise ValueError(
            f"`y` must hold classes as numbers. Received: dtype {y.dtype}."
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    num_classes = max(num_logits, 2)
    one_hot = (num_examples, num_logits)
    if y.shape != (num_examples,) and (num_logits == 1 or y.shape != one_hot):
        or_one_hot = "" if num_logits == 1 else f", or one-hot {one_hot}"
        raise ValueError(
            f"`y` must be of shape ({num_examples},){or_one_hot}. Received: "
            f"shape {y.shape}."
        )
    if y.ndim == 2 and not (
        np.all((y == 0) | (y == 1)) and np.all(np.sum(y, axis=1) == 1)
    ):
        raise ValueError(
            "One-hot `y` must hold a single 1 in every row, and else 0. For "
            "other labels give the attack a `loss` of your own."
        )
    if y.ndim == 1 and not (
        np.all(y == np.floor(y)) and np.all((y >= 0) & (y < num_classes))
    ):
        raise ValueError(
            f"`y` must hold classes from 0 to {num_classes - 1}. Received: "
            f"values from {y.min()} to {y.max()}."
        )
    return y.astype("int32") if y.ndim == 1 else y


def check_mask(mask, x):
    """Returns a mask as a tensor of `x`'s type, or raises `ValueError`."""
    shape = np.shape(mask)
    if not shape or shape != tuple(x.shape[: len(shape)]):
        raise ValueError(
            "`mask` must have the first axes of `x`, "
            f"{tuple(x.shape)}. Received: shape {shape}."
        )
    mask = keras.ops.cast(keras.ops.convert_to_tensor(mask), "bool")
    return keras.ops.cast(mask, x.dtype)


def check_epsilon(epsilon, num_examples):
    """Returns epsilon as a float, or as an array `(batch,)`.

    Raises:
        ValueError: If it is negative, not finite, or of another shape.
    """
    values = as_array("epsilon", epsilon)
    if values.dtype.kind not in "iuf":
        raise ValueError(
            f"`epsilon` must be a number. Received: epsilon={quoted(epsilon)}."
        )
    values = values.astype("float32")
    if values.shape not in ((), (num_examples,)):
        raise ValueError(
            f"`epsilon` must be a number, or one for each of {num_examples} "
            f"examples. Received: shape {values.shape}. For several in one "
            "call use `epsilons`."
        )
    if not (np.all(np.isfinite(values)) and np.all(values >= 0)):
        raise ValueError(
            "`epsilon` must be a finite number of at least 0. "
            f"Received: epsilon={quoted(epsilon)}."
        )
    return values
