"""From the labels of a source to classes 0 .. num_classes - 1."""

import re
import unicodedata
import warnings

import numpy as np

from advtext.quoting import quoted

_INTEGER = re.compile(r"-?[0-9]+")
# As pandas writes integers in a column that has gaps.
_WHOLE = re.compile(r"(-?[0-9]+)\.0*")
_FRACTION = re.compile(r"[-+]?[0-9]*\.[0-9]+(e[-+]?[0-9]+)?", re.IGNORECASE)
_LONGEST = 200
# Control characters, halves of surrogate pairs, and what ends a line.
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


def read_label(place, value):
    """Returns the label that a file holds, in plain form.

    Args:
        place: where it was read, for messages.
        value: a string, a number or `None`.

    Returns:
        A string without spaces around it, a whole number as an integer;
        `None` for a gap: `None` or NaN.

    Raises:
        ValueError: it is neither an integer nor a name that can be printed.

    Example:

    >>> [read_label("a.csv:2", label) for label in (" pos ", "01", 1.0, "nan")]
    ['pos', '1', '1', None]
    """
    if value is None or value != value or value in ("NaN", "nan"):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    label = value.strip() if isinstance(value, str) else ""
    if whole := _WHOLE.fullmatch(label):
        label = whole[1]
    if not label or _FRACTION.fullmatch(label):
        raise ValueError(
            f"{place}: `label` must be an integer or a name; leave it out or "
            f"write null for a text without one. Received: {quoted(value)}."
        )
    if not label.isalnum():
        _check_printable(place, label)
    if len(label) > _LONGEST:
        raise ValueError(
            f"{place}: the label is longer than {_LONGEST} characters. Give "
            f"the class a short name. Received: {quoted(label)}."
        )
    return str(int(label)) if _INTEGER.fullmatch(label) else label


def _check_printable(place, label):
    if not _UNPRINTABLE.isdisjoint(map(unicodedata.category, label)):
        raise ValueError(
            f"{place}: the label {quoted(label)} holds a tab, a line end or "
            "another character that cannot be printed. Take it out."
        )


def check_class_names(class_names):
    """Returns names as a tuple, `None` as it is, or raises `TypeError`."""
    if class_names is None:
        return None
    if not isinstance(class_names, (list, tuple)) or not all(
        isinstance(name, str) for name in class_names
    ):
        raise TypeError(
            "`class_names` must be a list of names, or None. Received: "
            f"class_names={quoted(class_names)}."
        )
    return tuple(class_names)


def class_names_of(documents):
    """Finds the classes of a training split.

    Labels are either all integers, from 0 on, which are sorted as numbers
    and need not be without gaps, or all names, which are sorted.

    Args:
        documents: the `RawDocuments` of the training split.

    Returns:
        Tuple of strings; the position of a name is its class.

    Raises:
        ValueError: integers and names are mixed, or an integer is negative.

    Example:

    >>> from advtext.data.documents import RawDocuments
    >>> texts, labels = ["fine", "poor", "odd"], ["pos", "neg", None]
    >>> class_names_of(RawDocuments(texts, labels, str))
    ('neg', 'pos')
    """
    first = {}
    for position, label in enumerate(documents.labels):
        if label is not None:
            first.setdefault(label, position)
    integers = [label for label in first if _INTEGER.fullmatch(label)]
    if not integers:
        _tell_look_alikes(sorted(first))
        return tuple(sorted(first))
    if len(integers) < len(first):
        name = next(label for label in first if label not in integers)
        raise ValueError(
            f"{documents.locate(first[name])}: label {quoted(name)} is a "
            f"name, but {documents.locate(first[integers[0]])} has the "
            f"integer {integers[0]}. Use integers throughout, or names "
            "throughout."
        )
    names = sorted(first, key=int)
    if names[0].startswith("-"):
        raise ValueError(
            f"{documents.locate(first[names[0]])}: label {names[0]} is "
            "negative. Integer labels begin with 0; leave the label out or "
            "write null for a text without one."
        )
    return tuple(names)


def _tell_look_alikes(names):
    seen = {}
    for name in names:
        plain = unicodedata.normalize("NFKC", name).casefold()
        other = seen.setdefault(plain, name)
        if other != name:
            warnings.warn(
                f"The labels {ascii(other)} and {ascii(name)} look alike and "
                "are two classes. If they mean one, write it in one way.",
                stacklevel=2,
            )


def check_two_classes(documents):
    """Refuses a training split that a classifier cannot be trained on.

    Args:
        documents: the `RawDocuments` of the training split.

    Raises:
        ValueError: fewer than two classes.
    """
    seen = set(documents.labels) - {None}
    if len(seen) < 2:
        found = (
            f"only the class {quoted(min(seen))}" if seen else "no label at all"
        )
        raise ValueError(
            f"{documents.locate(0)}: the training split that begins here has "
            f"{found}. It needs texts of two classes or more; keep texts "
            "without labels in `unsup`."
        )


def encode_labels(documents, class_names):
    """Turns labels into class numbers.

    Args:
        documents: `RawDocuments`.
        class_names: names of the classes by number; `None` in the place of
            a class that does not occur in training.

    Returns:
        int32 array `(documents,)`, -1 for a text without a label.

    Raises:
        ValueError: a class that does not occur in training.
    """
    numbers = {name: n for n, name in enumerate(class_names)}
    numbers[None] = -1
    for position, label in enumerate(documents.labels):
        if label not in numbers:
            known = [name for name in class_names if name]
            raise ValueError(
                f"{documents.locate(position)}: label {quoted(label)} does not "
                f"occur in training, which has {_listed(known)}. Correct it, "
                "or add training texts of that class."
            )
    return np.array([numbers[label] for label in documents.labels], "int32")


def _listed(names):
    """Returns the first names; with quotes where two look alike."""
    alike = len({name.casefold() for name in names}) < len(names)
    shown = [ascii(name) if alike else name for name in names[:20]]
    return ", ".join(shown) + (", ..." if len(names) > 20 else "")
