import numpy as np

from advtext.data.padded_batches import PaddedBatches


class EvaluationBatches(PaddedBatches):
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
        super().__init__(corpus, batch_size, max_length, boundaries, **kwargs)
        self.order = np.argsort(corpus.lengths, kind="stable")

    def rows(self, k):
        k %= self.batches_per_pass
        return self.order[k * self.batch_size : (k + 1) * self.batch_size]
