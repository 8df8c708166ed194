"""Checks of what evaluations are given."""

import math
import numbers
from collections.abc import Iterable, Sized

import keras
import numpy as np

from advtext.arguments import check_choice
from advtext.attacks import Attack, arguments
from advtext.logits import check_activation
from advtext.quoting import quoted

PROBABILITIES = ("softmax", "sigmoid")


def check_probabilities(probabilities):
    """Raises `ValueError` unless it is one of `PROBABILITIES`."""
    check_choice("probabilities", probabilities, PROBABILITIES)


def check_members(models):
    """Returns a list of Keras models that give logits.

    Raises:
        TypeError: If `models` is no list of Keras models.
        ValueError: If there are none, or one gives probabilities.
    """
    is_tensor = keras.backend.is_keras_tensor(models)
    if isinstance(models, str) or is_tensor or not isinstance(models, Iterable):
        raise TypeError(
            "`models` must be a list of Keras models. Received: "
            f"{type(models).__name__}."
        )
    models = list(models)
    if not models:
        raise ValueError("`models` is empty: an ensemble needs a member.")
    for model in models:
        if not isinstance(model, keras.Model):
            raise TypeError(
                "The members of an ensemble must be Keras models. "
                f"Received: {type(model).__name__}."
            )
        check_activation(model)
    return models


def check_models(models, probabilities="softmax"):
    """Returns how the logits of every model become probabilities, a dict.

    Args:
        models: Dict from name to model.
        probabilities: `"softmax"`, `"sigmoid"`, or a dict from name to one.

    Raises:
        TypeError: If `models` is no dict.
        ValueError: If there are none, or `probabilities` is wrong.
    """
    check_named("models", models)
    if not isinstance(probabilities, dict):
        probabilities = dict.fromkeys(models, probabilities)
    check_known("probabilities", probabilities, models)
    for value in probabilities.values():
        check_probabilities(value)
    return {name: probabilities.get(name, "softmax") for name in models}


def check_named(argument, things):
    """Raises an error unless it is a dict from names to something.

    Raises:
        TypeError: If it is no dict, or a key is no string.
        ValueError: If it is empty.
    """
    if not isinstance(things, dict) or not all(
        isinstance(name, str) for name in things
    ):
        raise TypeError(
            f"`{argument}` must be a dict from names to {argument}. Received: "
            f"{type(things).__name__}."
        )
    if not things:
        raise ValueError(f"`{argument}` is empty: give at least one.")


def check_known(argument, names, models):
    """Raises `ValueError` unless all names are of models."""
    for name in names:
        if name not in models:
            raise ValueError(
                f"`{argument}` names {name!r}, which is none of the models: "
                f"{', '.join(map(repr, models))}."
            )


def check_attack(attack):
    """Raises an error unless it is an attack that leaves the labels.

    Raises:
        TypeError: If it is no attack.
        ValueError: If `y` would be the class that it aims at.
    """
    if not isinstance(attack, Attack):
        raise TypeError(
            "An attack must be an advtext.attacks.Attack. Received: "
            f"{type(attack).__name__}."
        )
    if attack.targeted is True:
        raise ValueError(
            "The labels are the classes to leave, and a targeted attack would "
            "move towards them. Give an attack with targeted=False or "
            "targeted='least_likely'."
        )


def check_labels(y, number, num_logits):
    """Returns labels as classes `(number,)`, or raises `ValueError`."""
    y = arguments.check_labels(y, number, num_logits)
    return np.argmax(y, axis=1) if y.ndim == 2 else y


def check_rows(rows, columns, function):
    """Raises an error unless a table is what a function returned.

    Args:
        rows: List of dicts.
        columns: Keys that each of them must have.
        function: Name of the function whose rows they are.

    Raises:
        TypeError: If it is no list of dicts.
        ValueError: If it is empty, or a column is missing.
    """
    wanted = f"`rows` must be the rows that `{function}` returned"
    listed = isinstance(rows, (list, tuple))
    if not listed or not all(isinstance(row, dict) for row in rows):
        raise TypeError(f"{wanted}, a list of dicts. Received: {quoted(rows)}.")
    if not rows:
        raise ValueError(f"{wanted}. Received: none.")
    for row in rows:
        missing = [name for name in columns if name not in row]
        if missing:
            raise ValueError(
                f"{wanted}, with {', '.join(map(repr, columns))}. Received: a "
                f"row without {missing[0]!r}."
            )


def check_same_length(x, y):
    """Raises `ValueError` unless there is a label for every input."""
    if not all(isinstance(v, Sized) for v in (x, y)):
        raise TypeError(
            "`x` and `y` must be arrays. Received: "
            f"{type(x).__name__} and {type(y).__name__}."
        )
    if len(x) != len(y):
        raise ValueError(
            "`x` and `y` must be of the same length. Received: "
            f"len(x)={len(x)}, len(y)={len(y)}."
        )


def check_threshold(threshold):
    """Raises `ValueError` unless it is a number in [0, 1)."""
    if isinstance(threshold, bool) or not (
        isinstance(threshold, numbers.Real) and 0 <= threshold < 1
    ):
        raise ValueError(
            "`threshold` must be a probability, at least 0 and below 1. "
            f"Received: threshold={quoted(threshold)}."
        )


def check_epsilons(epsilons, at_least=0.0):
    """Returns epsilons as floats.

    Raises:
        ValueError: If there are none, or one is out of its range.
    """
    values = np.ravel(arguments.as_array("epsilons", epsilons))
    # No number is left of what holds none.
    values = values.tolist() if values.dtype.kind in "iuf" else []
    values = [float(epsilon) for epsilon in values]
    if not values or not all(
        math.isfinite(v) and v >= at_least for v in values
    ):
        raise ValueError(
            "`epsilons` must hold at least one number, all finite"
            + (f" and at least {at_least:g}" if at_least > -math.inf else "")
            + f". Received: epsilons={quoted(epsilons)}."
        )
    return values
