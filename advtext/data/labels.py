"""From the labels of a source to classes 0 .. num_classes - 1."""

import re

import numpy as np

_INTEGER = re.compile(r"-?[0-9]{1,18}")


def normalize_label(label):
    """Returns a label without spaces around it, an integer in plain form.

    Example:

    >>> normalize_label(" pos "), normalize_label("01")
    ('pos', '1')
    """
    label = label.strip()
    return str(int(label)) if _INTEGER.fullmatch(label) else label


def class_names_of(documents):
    """Finds the classes of a training split.

    Labels are either all integers, and then every one of `0 .. C-1` must
    occur, or all names, which are sorted.

    Args:
        documents: the `RawDocuments` of the training split.

    Returns:
        Tuple of strings; the position of a name is its class.

    Raises:
        ValueError: integers and names are mixed, an integer is negative, or
            one below the largest does not occur.

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
        return tuple(sorted(first))
    names = [label for label in first if label not in integers]
    if names:
        raise ValueError(
            f"{documents.locate(first[names[0]])}: label {names[0]!r} is a "
            f"name, but {documents.locate(first[integers[0]])} has the "
            f"integer {integers[0]}. Use integers 0 .. C-1 throughout, or "
            "names throughout."
        )
    return _check_range(
        documents, {int(label): first[label] for label in first}
    )


def _check_range(documents, first):
    missing = next(n for n in range(len(first) + 1) if n not in first)
    for label, position in sorted(first.items()):
        if label < 0:
            raise ValueError(
                f"{documents.locate(position)}: label {label} is negative. "
                "Integer labels are 0 .. C-1; leave the label out or write "
                "null for a text without one."
            )
        if label > missing:
            raise ValueError(
                f"{documents.locate(position)}: label {label} is out of "
                "range. Integer labels are 0 .. C-1, and no training text "
                f"has {missing}. Number the classes from 0 without gaps, or "
                "give them names."
            )
    return tuple(str(label) for label in sorted(first))


def check_two_classes(documents):
    """Refuses a training split that a classifier cannot be trained on.

    Args:
        documents: the `RawDocuments` of the training split.

    Raises:
        ValueError: fewer than two classes.
    """
    seen = set(documents.labels) - {None}
    if len(seen) < 2:
        found = f"only the class {min(seen)!r}" if seen else "no label at all"
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
            known = ", ".join(name for name in class_names if name)
            raise ValueError(
                f"{documents.locate(position)}: label {label!r} does not "
                f"occur in training, which has {known}. Correct the label, "
                "or add training texts of that class."
            )
    return np.array([numbers[label] for label in documents.labels], "int32")
