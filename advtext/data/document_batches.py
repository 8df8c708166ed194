import numpy as np

from advtext.arguments import check_count
from advtext.data.batches import endless_order
from advtext.data.corpus import check_corpus
from advtext.data.padded_batches import PaddedBatches


class DocumentBatches(PaddedBatches):
    """Batches of whole documents of similar length, padded on the right.

    Documents come in a new random order every pass. Stretches of that order
    are sorted by length and cut into batches, and each batch is padded to the
    smallest boundary that holds it: few shapes, little padding. Every batch
    has `batch_size` rows; the last documents of a pass share one with the
    first of the next.

    Args:
        corpus: `advtext.data.Corpus`.
        batch_size: Documents in a batch; at most the whole corpus.
        max_length: Longest row; of longer documents the end is kept.
        boundaries: Increasing lengths to pad to. By default equal steps up to
            `max_length`: 40, but 8 where steps are compiled for every shape
            (JAX); more of them mean less padding and more compilations.
        seed: Integer seed of the order.
        steps: Batches in a Keras epoch; `None` for one pass over the data.
        pool: Batches in a stretch that is sorted by length; at most 50, and
            at most one pass, by default. Two streams with the same `pool` and
            `seed` give batches of about the same length at the same time.

    Returns:
        `(token_ids, labels)`: int32 `(batch_size, time)` and `(batch_size,)`;
        `token_ids` alone for a corpus without labels.

    Raises:
        ValueError: If the corpus is empty, or an argument is not what it
            must be.
    """

    def __init__(
        self,
        corpus,
        batch_size=64,
        max_length=400,
        boundaries=None,
        seed=0,
        steps=None,
        pool=None,
        **kwargs,
    ):
        check_corpus(corpus)
        if not len(corpus):
            raise ValueError("The corpus holds no documents.")
        batch_size = min(check_count("batch_size", batch_size), len(corpus))
        super().__init__(
            corpus, batch_size, max_length, boundaries, steps, **kwargs
        )
        self.seed = check_count("seed", seed, at_least=0)
        if pool is None:
            pool = max(1, min(50, len(corpus) // batch_size))
        self.pool = check_count("pool", pool)
        self._plans = {}

    @property
    def tokens_per_batch(self):
        """Mean number of tokens in a batch, padding left out."""
        lengths = np.minimum(self.corpus.lengths, self.max_length)
        return self.batch_size * float(lengths.mean())

    def rows(self, k):
        pool, place = divmod(k, self.pool)
        return self._plan(pool)[place]

    def _plan(self, pool):
        """Returns the rows of every batch of a pool, `(batches, rows)`."""
        # One look at what another thread of Keras may replace.
        plans = self._plans
        if pool not in plans:
            size = self.pool * self.batch_size
            rows = endless_order(
                len(self.corpus), pool * size, (pool + 1) * size, self.seed
            )
            rows = rows[np.argsort(self.corpus.lengths[rows], kind="stable")]
            plan = rows.reshape(self.pool, self.batch_size)
            np.random.default_rng((self.seed, 1, pool)).shuffle(plan)
            self._plans = plans = {pool: plan}
        return plans[pool]
