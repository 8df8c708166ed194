from advtext.data.batches import Batches, check_size
from advtext.data.length_buckets import (
    default_boundaries,
    padded_documents,
    widen,
)


class PaddedBatches(Batches):
    """Base: batches of whole documents, padded to few different lengths.

    Args:
        corpus: `advtext.data.Corpus`.
        batch_size: Documents in a batch.
        max_length: Longest row; of longer documents the end is kept.
        boundaries: Increasing lengths to pad to. By default equal steps up to
            `max_length`: 40, but 8 where steps are compiled for every shape
            (JAX); more of them mean less padding and more compilations.
        steps: Batches in a Keras epoch; `None` for one pass over the data.
    """

    def __init__(
        self, corpus, batch_size, max_length, boundaries, steps=None, **kwargs
    ):
        super().__init__(steps, **kwargs)
        self.corpus = corpus
        self.batch_size = check_size("batch_size", batch_size)
        self.max_length = check_size("max_length", max_length)
        if boundaries is None:
            boundaries = default_boundaries(max_length)
        for boundary in boundaries:
            check_size("boundaries", boundary)
        self.boundaries = tuple(boundaries)

    @property
    def batches_per_pass(self):
        return -(-len(self.corpus) // self.batch_size)

    def at(self, first, index):
        batch = self.batch(first + index)
        if index != 1:
            return batch
        return widen(batch, self.batch(first), self.boundaries)

    def rows(self, k):
        """Returns the documents of batch number k, `(rows,)`."""
        raise NotImplementedError

    def batch(self, k):
        return padded_documents(
            self.corpus,
            self.rows(k),
            self.max_length,
            self.boundaries,
            self.part,
        )
