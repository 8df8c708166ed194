"""Checks of arguments, in one wording, for the whole package."""

import math
import numbers
import os
from pathlib import Path

import keras
import numpy as np

from advtext.quoting import quoted

# No tensor is larger.
_MOST = 2**63


def check_count(name, value, at_least=1):
    """Returns an integer, or raises `ValueError`."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or not at_least <= value < _MOST:
        raise ValueError(
            f"`{name}` must be an integer of at least {at_least}"
            + (" and below 2**63" if whole and value >= _MOST else "")
            + f". Received: {name}={quoted(value)}."
        )
    return int(value)


def check_counts(name, values):
    """Returns integers of at least 1 as a tuple, or raises `ValueError`.

    There must be one at least.
    """
    listed = isinstance(values, (list, tuple, range))
    if not listed or not values:
        raise ValueError(
            f"`{name}` must be a list of integers of at least 1. Received: "
            f"{name}={quoted(values)}."
        )
    return tuple(check_count(name, value) for value in values)


def check_length(name, value):
    """Returns a finite number of at least 0, a float, or raises `ValueError`.

    That is a length, a weight, a time.
    """
    number = _as_float(value)
    if not 0 <= number < math.inf:
        raise ValueError(
            f"`{name}` must be a finite number of at least 0. "
            f"Received: {name}={quoted(value)}."
        )
    return number


def check_positive(name, value):
    """Returns a finite number above 0, a float, or raises `ValueError`."""
    number = _as_float(value)
    if not 0 < number < math.inf:
        raise ValueError(
            f"`{name}` must be a finite number above 0. "
            f"Received: {name}={quoted(value)}."
        )
    return number


def check_share(name, value):
    """Returns a number in [0, 1), a float, or raises `ValueError`."""
    number = _as_float(value)
    if not 0 <= number < 1:
        raise ValueError(
            f"`{name}` must be a number in [0, 1). "
            f"Received: {name}={quoted(value)}."
        )
    return number


def check_choice(name, value, choices):
    """Returns one of several words, or raises `ValueError`."""
    # An array would be compared with each of them by its numbers.
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(repr, choices))}. "
            f"Received: {name}={quoted(value)}."
        )
    return value


def check_token_counts(token_counts, number):
    """Returns counts of tokens `(number,)`, float64, or raises `ValueError`."""
    try:
        counts = np.asarray(token_counts, "float64")
    except (TypeError, ValueError, OverflowError):
        counts = np.array(math.nan)
    if counts.shape != (number,):
        raise ValueError(
            "`token_counts` must hold one count for each of the "
            f"{number} tokens. Received: shape {counts.shape}."
        )
    if not (np.isfinite(counts) & (counts >= 0)).all():
        raise ValueError("`token_counts` must be finite and at least 0.")
    return counts


def check_truth(name, value):
    """Returns `True` or `False`, or raises `ValueError`."""
    # NumPy's are no `bool`.
    if type(value).__name__ not in ("bool", "bool_"):
        raise ValueError(
            f"`{name}` must be True or False. Received: {name}={quoted(value)}."
        )
    return bool(value)


def check_seed(name, seed):
    """Returns an integer of at least 0 or `None`, or raises `ValueError`.

    It is of 32 bits, which all backends take.
    """
    if seed is None:
        return None
    if check_count(name, seed, at_least=0) >= 2**32:
        raise ValueError(
            f"`{name}` must be below 2**32. Received: {name}={quoted(seed)}."
        )
    return int(seed)


def check_initializer(name, value):
    """Returns a Keras initializer, `None` as it is, or raises `ValueError`."""
    try:
        return keras.initializers.get(value)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"`{name}` must be a Keras initializer or the name of one, such "
            f"as 'zeros'. Received: {name}={quoted(value)}."
        ) from error


def check_dtype(name, value):
    """Returns the name of a type of numbers, or raises `ValueError`."""
    try:
        return keras.backend.standardize_dtype(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"`{name}` must be the name of a type, such as 'float32'. "
            f"Received: {name}={quoted(value)}."
        ) from None


def check_path(name, path):
    """Returns a `Path`, or raises `TypeError`.

    A number is none: the system takes it for an open file.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"`{name}` must be a path, a string or a `pathlib.Path`. Received: "
            f"{name}={quoted(path)}."
        )
    return Path(path)


def _as_float(value):
    """Returns a number as a float, NaN for what is none."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
