"""Documents as token ids, one after the other."""

import numpy as np


class Corpus:
    """Token ids and classes of many documents.

    Args:
        ids: integer array of all token ids, document after document; it may
            lie in a file (`np.memmap`).
        offsets: int64 array `(documents + 1,)`; document `i` is
            `ids[offsets[i]:offsets[i + 1]]`.
        labels: int32 array `(documents,)`, -1 for unlabelled, or `None` when
            no document has a label.

    Attributes:
        starts: int64 array `(documents,)`: where in `ids` each one begins.
        lengths: int32 array `(documents,)`: how many ids it has.

    Raises:
        ValueError: the arrays do not fit together.

    Example:

    >>> ids = np.array([5, 9, 7, 6, 9], "int32")
    >>> corpus = Corpus(ids, np.array([0, 2, 5]), np.array([1, 0], "int32"))
    >>> corpus[1]
    array([7, 6, 9], dtype=int32)
    >>> corpus.subset([1]).labels
    array([0], dtype=int32)
    """

    def __init__(self, ids, offsets, labels=None):
        ids, offsets = _checked_ids(ids), _checked_offsets(offsets)
        if offsets[0] != 0 or offsets[-1] != len(ids):
            raise ValueError(
                "`offsets` must go from 0 to the number of ids. Received: "
                f"offsets from {offsets[0]} to {offsets[-1]} for {len(ids)} "
                "ids."
            )
        self.ids = ids
        self.starts = offsets[:-1]
        self.lengths = np.diff(offsets).astype("int32")
        self.labels = None
        if labels is not None:
            self.labels = _checked_labels(labels, len(self))

    @classmethod
    def from_documents(cls, documents, labels=None):
        """Joins a list of id arrays, one a document."""
        offsets = np.cumsum([0, *map(len, documents)])
        return cls(np.concatenate(documents), offsets, labels)

    @classmethod
    def join(cls, corpora):
        """Puts corpora one after the other; labels are left behind."""
        offsets, ids, total = [np.zeros(1, "int64")], [], 0
        for corpus in corpora:
            offsets.append(total + np.cumsum(corpus.lengths, dtype="int64"))
            total = offsets[-1][-1]
            ids.extend(corpus[i] for i in range(len(corpus)))
        return cls(np.concatenate(ids), np.concatenate(offsets))

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, index):
        """Returns the ids of document `index`."""
        start = self.starts[index]
        return self.ids[start : start + self.lengths[index]]

    def subset(self, indices):
        """Returns the documents at `indices`, in that order.

        The token ids are shared, not copied, so `starts` need not be in
        order.
        """
        chosen = object.__new__(type(self))
        chosen.ids = self.ids
        chosen.starts = self.starts[indices]
        chosen.lengths = self.lengths[indices]
        chosen.labels = None if self.labels is None else self.labels[indices]
        return chosen


def check_corpus(corpus):
    """Raises `TypeError` unless it is a `Corpus`."""
    if not isinstance(corpus, Corpus):
        raise TypeError(
            "`corpus` must be an advtext.data.Corpus. Received: "
            f"{type(corpus).__name__}."
        )


def _checked_ids(ids):
    # A plain view: a slice of an `np.memmap` costs several times more.
    ids = _flat("ids", ids)
    if len(ids) and (
        ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= 2**31
    ):
        raise ValueError(
            "`ids` must be integers from 0 to 2**31 - 1. Received: "
            f"{ids.dtype}, the first of them {ids[:3].tolist()}."
        )
    return ids


def _checked_offsets(offsets):
    offsets = _flat("offsets", offsets)
    whole = offsets.dtype.kind in "iu"
    if not whole or not len(offsets) or (np.diff(offsets) < 0).any():
        raise ValueError(
            "`offsets` must be integers that do not fall: where each document "
            "begins, and at last where they end. Received: "
            f"{offsets.dtype}, the first of them {offsets[:3].tolist()}."
        )
    return offsets.astype("int64")


def _flat(name, values):
    """Returns an array of one axis, or raises `ValueError`."""
    try:
        values = np.asarray(values)
    except ValueError:
        values = np.array(None)
    if values.ndim != 1:
        raise ValueError(
            f"`{name}` must be an array of one axis. Received: shape "
            f"{values.shape}."
        )
    return values


def _checked_labels(labels, number):
    labels = _flat("labels", labels)
    if len(labels) != number:
        raise ValueError(
            "`labels` must have one entry a document. Received: "
            f"{len(labels)} labels for {number} documents."
        )
    numeric = labels.dtype.kind in "biuf"
    if (
        not numeric
        or not (
            (labels >= -1) & (labels < 2**31) & (labels == np.floor(labels))
        ).all()
    ):
        raise ValueError(
            "`labels` must be integers: classes, or -1 for none. Received: "
            f"{labels.dtype}, the first of them {labels[:3].tolist()}."
        )
    return labels.astype("int32")
