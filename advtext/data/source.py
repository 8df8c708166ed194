"""The base class of everything texts are read from."""

from advtext.data.documents import Documents
from advtext.data.labels import (
    check_class_names,
    check_two_classes,
    class_names_of,
    encode_labels,
)
from advtext.quoting import quoted

SPLITS = ("train", "test", "unsup")


class Source:
    """Texts of a training, a test and an unlabelled split, with classes.

    A new kind of corpus is a subclass with two methods: `fingerprint()`, and
    `read_raw(split)`, which returns `RawDocuments` in memory, or
    `stream_raw(split)`, which returns them with an iterator over the texts.

    Args:
        splits: names of the splits present, out of `"train"`, `"test"` and
            `"unsup"`; `"train"` must be one of them.
        class_names: the names of the classes in the order of their numbers.
            Leave it out to take them from the training labels.

    Raises:
        ValueError: there is no `"train"` among the splits.

    Example:

    >>> from advtext.data.documents import RawDocuments
    >>> class Two(Source):
    ...     def read_raw(self, split):
    ...         return RawDocuments(["good", "bad"], ["yes", "no"], str)
    >>> source = Two(["train"])
    >>> source.class_names
    ('no', 'yes')
    >>> source.read("train").labels
    array([1, 0], dtype=int32)
    """

    def __init__(self, splits, class_names=None):
        if not isinstance(splits, (list, tuple, set, dict)) or not all(
            isinstance(split, str) for split in splits
        ):
            raise TypeError(
                "`splits` must be a list of names of splits. Received: "
                f"splits={quoted(splits)}."
            )
        self.splits = tuple(split for split in SPLITS if split in splits)
        if "train" not in self.splits:
            raise ValueError(
                "A source needs a split `train` with labelled texts. "
                f"Received: splits={tuple(splits)}."
            )
        self._class_names = check_class_names(class_names)
        self._seen = None

    @property
    def class_names(self):
        """Tuple of names: the position of a name is the class's number."""
        if self._seen is None:
            texts, classes = self.stream("train")
            for _ in texts:
                pass
            classes()
        return self._class_names

    def read(self, split):
        """Reads the texts and classes of one split.

        Args:
            split: `"train"`, `"test"` or `"unsup"`.

        Returns:
            `Documents`. Labels of `"unsup"` are not looked at.

        Raises:
            ValueError: no such split, or something in it is wrong; the
                message names the file and the line.
        """
        documents = self._stream(split).in_memory()
        return Documents(documents.texts, self._classes(split, documents))

    def stream(self, split):
        """Reads the texts of one split one by one; `read` without memory.

        Args:
            split: `"train"`, `"test"` or `"unsup"`.

        Returns:
            An iterator over the texts, and a function that returns the
            classes (`labels` of `Documents`) when all of them are read.

        Raises:
            ValueError: as `read`, by this method, the iterator or the
                function.
        """
        documents = self._stream(split)
        return iter(documents.texts), lambda: self._classes(split, documents)

    def _classes(self, split, documents):
        if split == "unsup":
            return None
        if split == "train":
            self._learn_classes(documents)
        elif None in documents.labels:
            place = documents.locate(documents.labels.index(None))
            raise ValueError(
                f"{place}: a test text without a label. Every test text is "
                "counted: give it a label or take it out."
            )
        names = self.class_names
        known = [name if name in self._seen else None for name in names]
        return encode_labels(documents, known)

    def stream_raw(self, split):
        """Reads one split; returns `RawDocuments` with an iterator."""
        return self.read_raw(split)

    def read_raw(self, split):
        """Reads one split; returns `RawDocuments` with a list."""
        raise NotImplementedError

    def fingerprint(self):
        """Returns a string that changes when any text or label changes."""
        raise NotImplementedError

    def _stream(self, split):
        if split not in self.splits:
            raise ValueError(
                f"There is no split {split!r} here. Choose one of: "
                f"{', '.join(self.splits)}."
            )
        return self.stream_raw(split)

    def _learn_classes(self, documents):
        check_two_classes(documents)
        if self._class_names is None:
            self._class_names = class_names_of(documents)
        self._seen = set(documents.labels)
