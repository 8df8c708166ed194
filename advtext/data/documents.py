"""What a reader gives: texts and their labels."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Documents:
    """Texts and their classes, in the order of the source.

    Args:
        texts: list of strings.
        labels: int32 array `(documents,)` of classes `0 .. num_classes - 1`,
            where -1 means unlabelled; `None` when nothing is labelled.

    Example:

    >>> documents = Documents(["good", "bad"], np.array([1, 0], "int32"))
    >>> len(documents)
    2
    """

    texts: list[str]
    labels: np.ndarray | None

    def __len__(self):
        return len(self.texts)


@dataclass(frozen=True)
class RawDocuments:
    """Texts as they were read, before labels became classes.

    Args:
        texts: list of strings, or an iterator over them.
        labels: list of strings, `None` for a text without a label. Integers
            are written in decimal. Beside an iterator the list is complete
            when that has come to its end.
        locate: function from a position in the list to the place it was
            read from, such as `"train.csv:7"`; errors begin with it.
    """

    texts: Iterable[str]
    labels: list[str | None]
    locate: Callable[[int], str]

    def in_memory(self):
        """Returns the same with a list of texts."""
        return replace(self, texts=list(self.texts))
