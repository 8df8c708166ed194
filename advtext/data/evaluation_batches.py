import numpy as np

from advtext.data.batches import Batches
from advtext.data.length_buckets import (
    equal_steps,
    padded_documents,
    widen,
)


class EvaluationBatches(Batches):
    """Every document once, sorted by length: for evaluation and prediction.

    Args:
        corpus: `advtext.data.Corpus`.
        batch_size: Documents in a batch.
        max_length: Longest row; of longer documents the end is kept.
        boundaries: As of `DocumentBatches`.

    Returns:
        As `DocumentBatches`; the last batch may be smaller. `order` is the
        document of every row, `(documents,)`.
    """

    def __init__(
        self,
        corpus,
        batch_size=256,
        max_length=400,
        boundaries=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.corpus = corpus
        self.batch_size = batch_size
        self.max_length = max_length
        self.boundaries = boundaries or equal_steps(max_length)
        self.order = np.argsort(corpus.lengths, kind="stable")

    @property
    def batches_per_pass(self):
        return -(-len(self.corpus) // self.batch_size)

    def at(self, first, index):
        batch = self.batch(first + index)
        if index != 1:
            return batch
        return widen(batch, self.batch(first), self.boundaries)

    def batch(self, k):
        k %= self.batches_per_pass
        rows = self.order[k * self.batch_size : (k + 1) * self.batch_size]
        return padded_documents(
            self.corpus, rows, self.max_length, self.boundaries
        )
