import keras
from keras import ops

from advtext.arguments import check_count, check_seed, check_share


@keras.saving.register_keras_serializable("advtext")
class WordDropout(keras.layers.Layer):
    """Leaves words out of a batch, wherever they occur in it.

    Args:
        rate: Share of the vocabulary, in [0, 1); what stays is divided by
            `1 - rate`.
        vocabulary_size: Number of token ids.
        seed: Integer seed, or `None`.

    Call arguments:
        embedded: `(batch, time, dim)`.
        tokens: Their ids, `(batch, time)`.
        training: Whether anything is left out.

    Output shape:
        `(batch, time, dim)`

    Example:

    >>> import numpy as np
    >>> from advtext.models.word_dropout import WordDropout
    >>> dropout, tokens = WordDropout(0.5, 9), np.array([[3, 4, 3]])
    >>> kept = dropout(np.ones((1, 3, 2)), tokens, training=True)
    >>> bool(np.all(kept[:, 0] == kept[:, 2]))
    True

    Reference:
        - [Gal and Ghahramani, 2016](https://arxiv.org/abs/1512.05287)
    """

    def __init__(self, rate, vocabulary_size, seed=None, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})
        self.rate = check_share("rate", rate)
        self.vocabulary_size = check_count("vocabulary_size", vocabulary_size)
        self.seed = check_seed("seed", seed)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, embedded, tokens, training=False):
        if not training:
            return embedded
        ones = ops.ones((self.vocabulary_size,), dtype=embedded.dtype)
        kept = keras.random.dropout(ones, self.rate, seed=self.seed_generator)
        kept = ops.take(kept, ops.cast(tokens, "int32"), axis=0)
        return embedded * ops.expand_dims(kept, -1)

    def get_config(self):
        names = "rate", "vocabulary_size", "seed"
        return {**super().get_config(), **{n: getattr(self, n) for n in names}}
