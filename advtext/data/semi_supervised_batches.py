import keras

from advtext.data.array_batches import ArrayBatches
from advtext.data.batches import Batches
from advtext.data.dataset_batches import DatasetBatches
from advtext.data.document_batches import DocumentBatches
from advtext.data.length_buckets import pad_to


class SemiSupervisedBatches(Batches):
    """Pairs batches of labelled with batches of unlabelled examples.

    Args:
        labelled: `Batches` or another `keras.utils.PyDataset` giving `(x, y)`,
            or a pair of arrays `(x, y)`.
        unlabelled: The same giving `x` (labels are dropped), or an array.
        batch_size: Labelled examples in a batch, for arrays.
        unlabelled_batch_size: The same for unlabelled examples; `batch_size`
            by default.
        seed: Integer seed of the order of arrays.
        steps: Batches in a Keras epoch; `None` for one pass over the labelled
            examples.

    Returns:
        `({"labelled": x, "unlabelled": u}, y)`; documents (both parts
        `DocumentBatches`) are padded to the same width.

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
        labelled = _repeated(labelled) or ArrayBatches(
            tuple(labelled), batch_size, seed
        )
        if unlabelled_batch_size is None:
            unlabelled_batch_size = batch_size
        unlabelled = _repeated(unlabelled) or ArrayBatches(
            (unlabelled,), unlabelled_batch_size, seed + 1
        )
        self.labelled = labelled
        self.unlabelled = unlabelled
        self.of_documents = all(
            isinstance(part, DocumentBatches) for part in (labelled, unlabelled)
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
        x, y = self.labelled.at(first, index)
        unlabelled = self.unlabelled.at(first, index)
        if isinstance(unlabelled, tuple):
            unlabelled = unlabelled[0]
        if self.of_documents:
            # One width for both: few shapes, few compilations.
            width = max(x.shape[1], unlabelled.shape[1])
            x, unlabelled = pad_to(x, width), pad_to(unlabelled, width)
        return {"labelled": x, "unlabelled": unlabelled}, y


def _repeated(data):
    """Returns an endless sequence of batches, or `None` for arrays."""
    if isinstance(data, Batches):
        return data
    if isinstance(data, keras.utils.PyDataset):
        return DatasetBatches(data)
    return None
