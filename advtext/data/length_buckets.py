"""Padding to few different lengths: a shape may cost a compilation."""

import numpy as np

from advtext import backend

# Of batches of movie reviews 8 boundaries leave a tenth empty, 40 less than a
# twentieth. But XLA takes seconds to compile a shape.
_COMPILED, _NOT_COMPILED = 8, 40


def default_boundaries(max_length):
    """Returns the lengths to pad to in training with this backend."""
    few = backend.STEPS_ARE_COMPILED
    return equal_steps(max_length, _COMPILED if few else _NOT_COMPILED)


def equal_steps(max_length, number=_COMPILED):
    """Returns equally spaced lengths, at most `number`, up to `max_length`.

    Example:

    >>> from advtext.data.length_buckets import equal_steps
    >>> equal_steps(400)
    (50, 100, 150, 200, 250, 300, 350, 400)
    """
    steps = range(1, number + 1)
    return tuple(sorted({-(-max_length * i // number) for i in steps}))


def padded_documents(corpus, rows, max_length, boundaries, part=slice(None)):
    """Returns documents as one padded batch.

    Args:
        corpus: `advtext.data.Corpus`.
        rows: Which documents, `(batch,)`.
        max_length: Longest row; of longer documents the end is kept.
        boundaries: Increasing lengths; the batch is padded to the smallest
            that holds it, beyond the largest to its own length.
        part: Slice of the rows to return, as wide as all of them would be.

    Returns:
        `(token_ids, labels)`, or `token_ids` for a corpus without labels.
    """
    lengths = np.minimum(corpus.lengths[rows], max_length)
    longest = int(lengths.max())
    fitting = [b for b in boundaries if longest <= b <= max_length]
    width = min(fitting, default=longest)
    rows, lengths = rows[part], lengths[part]
    token_ids = np.zeros((len(rows), width), "int32")
    for line, row, length in zip(token_ids, rows, lengths, strict=True):
        line[:length] = corpus[row][-length:]
    if corpus.labels is None:
        return token_ids
    return token_ids, corpus.labels[rows]


def pad_to(token_ids, width):
    """Returns token ids `(batch, time)` padded to a width, if less wide."""
    missing = max(0, width - token_ids.shape[1])
    return np.pad(token_ids, ((0, 0), (0, missing)))


def widen(batch, first, boundaries):
    """Pads the second batch of a Keras epoch if it is as wide as the first.

    On TensorFlow, Keras takes a dimension that two batches have in common for
    fixed, and fails at the first batch of another width.

    Args:
        batch: The second batch, as `padded_documents` returns it.
        first: The first one.
        boundaries: Increasing lengths; the next one is padded to.

    Returns:
        The second batch, there of another width than the first.
    """
    if isinstance(batch, tuple):
        return (widen(batch[0], first[0], boundaries), batch[1])
    width = batch.shape[1]
    if width != first.shape[1] or not backend.COMMON_DIMENSIONS_ARE_FIXED:
        return batch
    wider = min((b for b in boundaries if b > width), default=width + 1)
    return pad_to(batch, wider)
