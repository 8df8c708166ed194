from advtext.arguments import check_count, check_counts
from advtext.data.batches import Batches
from advtext.data.corpus import check_corpus
from advtext.data.length_buckets import (
    default_boundaries,
    padded_documents,
    widen,
)
from advtext.quoting import quoted


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
        check_corpus(corpus)
        self.corpus = corpus
        self.batch_size = check_count("batch_size", batch_size)
        self.max_length = check_count("max_length", max_length)
        if boundaries is None:
            boundaries = default_boundaries(self.max_length)
        self.boundaries = check_counts("boundaries", boundaries)
        if list(self.boundaries) != sorted(set(self.boundaries)):
            raise ValueError(
                "`boundaries` must increase. Received: "
                f"boundaries={quoted(self.boundaries)}."
            )

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
