import keras
import numpy as np

from advtext.arguments import check_count
from advtext.data.array_batches import ArrayBatches
from advtext.data.batches import Batches
from advtext.data.dataset_batches import DatasetBatches, is_dataset
from advtext.data.document_batches import DocumentBatches
from advtext.data.length_buckets import pad_to


class SemiSupervisedBatches(Batches):
    """Pairs batches of labelled with batches of unlabelled examples.

    Args:
        labelled: `Batches`, another `keras.utils.PyDataset` or a
            `tf.data.Dataset` of batches giving `(x, y)` or `(x, y,
            sample_weight)`; or such a tuple of arrays. `x` and `y` may be
            dicts, lists or tuples of arrays, as Keras takes them.
        unlabelled: The same giving `x`, structured like the labelled `x`
            (labels are dropped); or an array, or a structure of them.
        batch_size: Labelled examples in a batch, for arrays.
        unlabelled_batch_size: The same for unlabelled examples; `batch_size`
            by default.
        seed: Integer seed of the order of arrays.
        steps: Batches in a Keras epoch; `None` for one pass over the labelled
            examples.

    Returns:
        `({"labelled": x, "unlabelled": u}, y)`, with `sample_weight` behind
        `y` where there is one; documents (both parts `DocumentBatches`) are
        padded to the same width.

    Raises:
        ValueError: If arrays differ in their number of rows, or batches have
            no labels, or unlabelled `x` is structured in another way.

    Example:

    >>> import numpy as np
    >>> from advtext.data import SemiSupervisedBatches
    >>> batches = SemiSupervisedBatches(
    ...     (np.ones((6, 3)), np.ones(6)), np.ones((99, 3)), batch_size=2)
    >>> x, y = batches[0]
    >>> len(batches), x["unlabelled"].shape
    (3, (2, 3))
    """

    def __init__(
        self,
        labelled,
        unlabelled,
        batch_size=32,
        unlabelled_batch_size=None,
        seed=0,
        steps=None,
        **kwargs,
    ):
        super().__init__(steps, **kwargs)
        check_count("batch_size", batch_size)
        if unlabelled_batch_size is None:
            unlabelled_batch_size = batch_size
        check_count("unlabelled_batch_size", unlabelled_batch_size)
        seed = check_count("seed", seed, at_least=0)
        if unlabelled is None:
            raise TypeError(
                "`unlabelled` must be a dataset, or an array of inputs. "
                "Received: None."
            )
        self.labelled = _repeated(labelled) or ArrayBatches(
            _parts(labelled), batch_size, seed
        )
        self.unlabelled = _repeated(unlabelled) or ArrayBatches(
            (unlabelled,), unlabelled_batch_size, seed + 1
        )
        self.of_documents = all(
            isinstance(part, DocumentBatches)
            for part in (self.labelled, self.unlabelled)
        )

    @property
    def batches_per_pass(self):
        return self.labelled.batches_per_pass

    @property
    def tokens_per_batch(self):
        """Mean number of tokens in a batch of documents."""
        parts = self.labelled, self.unlabelled
        return sum(part.tokens_per_batch for part in parts)

    def shard(self, index, count, num_devices=1):
        for part in (self.labelled, self.unlabelled):
            part.shard(index, count, num_devices)

    def batch(self, k):
        return self.at(k, 0)

    def at(self, first, index):
        x, *labels = _parts(self.labelled.at(first, index))
        unlabelled = self.unlabelled.at(first, index)
        if isinstance(unlabelled, tuple):
            unlabelled = unlabelled[0]
        if self.of_documents:
            # One width for both: few shapes, few compilations.
            width = max(x.shape[1], unlabelled.shape[1])
            x, unlabelled = pad_to(x, width), pad_to(unlabelled, width)
        _check_alike(x, unlabelled)
        return {"labelled": x, "unlabelled": unlabelled}, *labels


def _parts(labelled):
    """Returns `(x, y)` or `(x, y, sample_weight)`.

    Raises:
        ValueError: If it is neither.
    """
    is_tuple = isinstance(labelled, (tuple, list))
    if not is_tuple or len(labelled) not in (2, 3):
        number = f" of {len(labelled)}" if is_tuple else ""
        raise ValueError(
            "`labelled` must be or give (x, y) or (x, y, sample_weight). "
            f"Received: {type(labelled).__name__}{number}."
        )
    if len(labelled) == 3 and labelled[2] is None:
        labelled = labelled[:2]
    return tuple(labelled)


def _check_alike(x, unlabelled):
    """Refuses inputs of two kinds, which no model takes."""
    try:
        keras.tree.assert_same_structure(x, unlabelled)
        pairs = zip(*map(keras.tree.flatten, (x, unlabelled)), strict=True)
        if not all(_same_examples(a, b) for a, b in pairs):
            raise ValueError
    except (TypeError, ValueError):
        first, second = (
            str(keras.tree.map_structure(np.shape, each))[:100]
            for each in (x, unlabelled)
        )
        raise ValueError(
            "Labelled and unlabelled inputs must be structured alike, with "
            "examples of one shape. Received: batches of shapes "
            f"{first} and {second}."
        ) from None


def _same_examples(a, b):
    """Returns whether rows of two arrays may be examples of one kind."""
    a, b = np.asarray(a), np.asarray(b)
    # Texts, rows of token ids, are of any length.
    floats = "f" in (a.dtype.kind, b.dtype.kind)
    return not floats or a.shape[1:] == b.shape[1:]


def _repeated(data):
    """Returns an endless sequence of batches, or `None` for arrays."""
    if isinstance(data, Batches):
        return data
    return DatasetBatches(data) if is_dataset(data) else None
