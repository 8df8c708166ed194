"""The base class of everything texts are read from."""

from advtext.data.documents import Documents
from advtext.data.labels import (
    check_two_classes,
    class_names_of,
    encode_labels,
)

SPLITS = ("train", "test", "unsup")


class Source:
    """Texts of a training, a test and an unlabelled split, with classes.

    A new kind of corpus is a subclass with two methods: `read_raw(split)`,
    which returns `RawDocuments`, and `fingerprint()`.

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
        self.splits = tuple(split for split in SPLITS if split in splits)
        if "train" not in self.splits:
            raise ValueError(
                "A source needs a split `train` with labelled texts. "
                f"Received: splits={tuple(splits)}."
            )
        self._class_names = class_names
        self._seen = None

    @property
    def class_names(self):
        """Tuple of names: the position of a name is the class's number."""
        if self._seen is None:
            self._learn_classes(self._read("train"))
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
        documents = self._read(split)
        if split == "unsup":
            return Documents(documents.texts, None)
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
        return Documents(documents.texts, encode_labels(documents, known))

    def read_raw(self, split):
        """Reads one split; returns `RawDocuments`."""
        raise NotImplementedError

    def fingerprint(self):
        """Returns a string that changes when any text or label changes."""
        raise NotImplementedError

    def _read(self, split):
        if split not in self.splits:
            raise ValueError(
                f"There is no split {split!r} here. Choose one of: "
                f"{', '.join(self.splits)}."
            )
        return self.read_raw(split)

    def _learn_classes(self, documents):
        check_two_classes(documents)
        if self._class_names is None:
            self._class_names = class_names_of(documents)
        self._seen = set(documents.labels)
