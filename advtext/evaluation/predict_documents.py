import contextlib
from collections.abc import Sized
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from advtext import backend
from advtext.arguments import check_count
from advtext.data import Corpus
from advtext.data.length_buckets import equal_steps, padded_documents
from advtext.evaluation.predictions import check_predicted, compiled
from advtext.failures import is_out_of_memory, reason_of
from advtext.logits import check_activation, check_logits
from advtext.models import TextClassifier
from advtext.models.freeze import reads_tokens
from advtext.models.token_ids import check_inputs
from advtext.quoting import quoted

# Documents of a batch, and its tokens, padding included. Less memory is taken
# for each where only distinct tokens are embedded.
_ROWS, _TOKENS = 64, 2**15
_ROWS_OF_DISTINCT, _TOKENS_OF_DISTINCT = 256, 2**17
# Batches at a time: they bound the memory too.
_MOST_BATCHES = 8
_TOKEN_IDS = keras.InputSpec("int32", (None, None))


def predict_documents(model, documents, max_length=None, batch_size=None):
    """Computes the logits of documents, little of it for padding.

    Documents of similar length share a batch; a batch of long documents holds
    fewer of them. Where every shape is compiled (on JAX), batches are padded
    to few shapes, a `max_length` makes them fewer, and on a CPU as many batches
    are computed at a time as there are cores.

    Args:
        model: Keras model from token ids `(batch, time)`, padded with 0 on the
            right, to logits that do not depend on padding. A
            `TextClassifier` is faster frozen (`classifier.freeze()`).
        documents: List of token ids, an integer array `(time,)` for each
            document; an array `(number, time)`, padded or not; or an
            `advtext.data.Corpus`.
        max_length: Longest row, at least 1; of longer documents the end is
            kept. `None` keeps all.
        batch_size: Most documents in a batch; `None` is 256 where distinct
            tokens are embedded once (by a frozen `TextClassifier` on a CPU
            with TensorFlow), and 64 elsewhere.

    Returns:
        NumPy array `(number, num_classes)` or `(number, 1)`, in the order of
        the documents.

    Raises:
        TypeError: If the model is no Keras model.
        ValueError: If the model does not take token ids of any length, there
            are no documents, one is no row of integers or
            holds one out of the vocabulary, an argument is out of its range,
            or as of `predict_logits`.

    Example:

    >>> from advtext.evaluation import predict_documents
    >>> from advtext.models import TextClassifier
    >>> classifier = TextClassifier(100, embedding_dim=8, units=4).freeze()
    >>> predict_documents(classifier, [[5, 7, 99], [4]]).shape
    (2, 1)
    """
    _check_model(model)
    of_distinct = reads_tokens(model, TextClassifier)
    if batch_size is None:
        batch_size = _ROWS_OF_DISTINCT if of_distinct else _ROWS
    check_count("batch_size", batch_size)
    corpus = _corpus(documents)
    check_inputs(model, corpus)
    longest = max(1, int(corpus.lengths.max()))
    if max_length is None:
        # So that the shapes of one call serve the next.
        max_length = 2 ** (longest - 1).bit_length()
    check_count("max_length", max_length)
    # Where every shape is compiled, padding to few of them is cheaper.
    few_shapes = backend.STEPS_ARE_COMPILED
    boundaries = equal_steps(max_length) if few_shapes else (1,)
    with _of_token_ids():
        if not model.built:
            model(np.zeros((1, 1), "int32"))
        function = compiled(model, _TOKEN_IDS)

    def logits_of(rows):
        token_ids = padded_documents(corpus, rows, max_length, boundaries)
        if few_shapes:
            token_ids = _with_more_rows(token_ids)
        with _of_token_ids():
            logits = function(token_ids)
        check_logits(logits)
        return np.asarray(backend.at_least_float32(logits))[: len(rows)]

    lengths = np.minimum(corpus.lengths, max_length)
    most = _TOKENS_OF_DISTINCT if of_distinct else _TOKENS
    batches = _batches(lengths, batch_size, most)
    in_batches = np.concatenate(_map(logits_of, batches))
    logits = np.empty_like(in_batches)
    logits[np.concatenate(batches)] = in_batches
    check_predicted(logits)
    return logits


def _check_model(model):
    if not isinstance(model, keras.Model):
        raise TypeError(
            "`model` must be a Keras model from token ids to logits. Received: "
            f"{type(model).__name__}. `predict_logits` takes functions."
        )
    check_activation(model)


@contextlib.contextmanager
def _of_token_ids():
    """Tells of a model that fails on token ids of any length, and why."""
    try:
        yield
    except (TypeError, ValueError, *backend.ERRORS) as error:
        if is_out_of_memory(error):
            raise
        raise ValueError(
            "`model` must take token ids, integers (batch, time) of any time, "
            f"as its embedding does. On them it failed: {reason_of(error)}. "
            "`predict_logits` takes other arrays."
        ) from error


def _corpus(documents):
    """Returns documents as an `advtext.data.Corpus` without labels."""
    if isinstance(documents, Corpus):
        documents = documents.subset(slice(None))
        documents.labels = None
    if isinstance(documents, str) or not isinstance(documents, Sized):
        raise TypeError(
            "`documents` must be a list of rows of token ids. Received: "
            f"{quoted(documents)}."
        )
    if not len(documents):
        raise ValueError(
            "`documents` is empty: give the token ids of at least one."
        )
    if isinstance(documents, Corpus):
        return documents
    rows = [np.asarray(document) for document in documents]
    for number, row in enumerate(rows):
        if row.ndim != 1 or (row.size and row.dtype.kind not in "iu"):
            raise ValueError(
                "`documents` must hold a row of token ids, (time,) integers, "
                f"for each document. Received: shape {row.shape} and type "
                f"{row.dtype} as document {number}."
            )
    if getattr(documents, "ndim", 0) == 2:
        rows = [np.trim_zeros(row, "b") for row in rows]
    return Corpus.from_documents([row.astype("int64") for row in rows])


def _with_more_rows(token_ids):
    """Repeats the last row, up to a power of two: few numbers of rows."""
    number = len(token_ids)
    missing = 2 ** (number - 1).bit_length() - number
    return np.pad(token_ids, ((0, missing), (0, 0)), mode="edge")


def _batches(lengths, batch_size, most_tokens):
    """Returns the rows of every batch, those of the longest documents first."""
    order = np.argsort(-lengths, kind="stable")
    # No core is to wait for another that has all the documents.
    batch_size = min(batch_size, -(-len(order) // _num_cores()))
    batches, first = [], 0
    while first < len(order):
        most = max(1, most_tokens // max(1, int(lengths[order[first]])))
        size = min(batch_size, 2 ** (most.bit_length() - 1))
        batches.append(order[first : first + size])
        first += size
    return batches


def _map(function, batches):
    """Returns what a function gives for batches, several at a time."""
    at_once = min(len(batches), _num_cores(), _MOST_BATCHES)
    if at_once == 1:
        return list(map(function, batches))
    pool = ThreadPoolExecutor(at_once)
    try:
        return list(pool.map(function, batches))
    finally:
        pool.shutdown(cancel_futures=True)


def _num_cores():
    """Returns how many batches this machine computes side by side."""
    # TensorFlow divides one batch among the cores, JAX hardly does.
    divided = backend.has_gpu() or not backend.STEPS_ARE_COMPILED
    return 1 if divided else backend.num_cores()
