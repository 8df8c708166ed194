import keras
import numpy as np
from keras import ops

from advtext.arguments import check_count, check_seed, check_token_counts
from advtext.models.sampled_softmax import (
    alias_table,
    draw,
    sampled_softmax_loss,
    softmax_loss,
)


@keras.saving.register_keras_serializable("advtext")
class NextTokenHead(keras.layers.Layer):
    """The output layer of a language model, together with its loss.

    Args:
        vocabulary_size: Number of token ids.
        num_candidates: Candidates of the sampled softmax in training; 0 takes
            the exact softmax there too.
        seed: Integer seed of the candidates, or `None`.

    Call arguments:
        hidden: Outputs of the LSTM.
        targets: Integer ids of the tokens to predict.
        training: Whether the softmax is sampled.

    Input shape:
        `(batch, time, units)` and `(batch, time)`
    Output shape:
        Scalar: the mean cross-entropy per token, in nats.

    Example:

    >>> import numpy as np
    >>> from advtext.models.next_token_head import NextTokenHead
    >>> head = NextTokenHead(vocabulary_size=50, num_candidates=9)
    >>> hidden, targets = np.zeros((2, 3, 4)), np.ones((2, 3), "int32")
    >>> round(float(head(hidden, targets)), 4)  # log(50)
    3.912

    Reference:
        - [Jean et al., 2015](https://arxiv.org/abs/1412.2007), section 3
    """

    def __init__(self, vocabulary_size, num_candidates, seed=None, **kwargs):
        super().__init__(**kwargs)
        # Token ids that come as floats would collide in fewer bits.
        self.autocast = False
        self.vocabulary_size = check_count("vocabulary_size", vocabulary_size)
        self.num_candidates = check_count("num_candidates", num_candidates, 0)
        self.seed = check_seed("seed", seed)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, hidden_shape, targets_shape=None):
        tokens = self.vocabulary_size
        self.kernel = self.add_weight(
            name="kernel",
            shape=(tokens, hidden_shape[-1]),
            initializer="glorot_uniform",
            autocast=False,
        )
        self.bias = self.add_weight(
            name="bias", shape=(tokens,), initializer="zeros", autocast=False
        )
        self.log_probabilities = self._table("log_probabilities", "float32")
        self.kept = self._table("kept", "float32")
        self.alias = self._table("alias", "int32")
        self.adapt(np.ones(tokens))

    def _table(self, name, dtype):
        return self.add_weight(
            name=name,
            shape=(self.vocabulary_size,),
            initializer="zeros",
            dtype=dtype,
            trainable=False,
            autocast=False,
        )

    def adapt(self, token_counts):
        """Sets how often each token is to be predicted.

        Candidates are drawn by these counts. The biases start as the
        logarithms of the frequencies: left at 0, the rare candidates, which
        count for many, would dominate the loss.

        Args:
            token_counts: `(vocabulary_size,)`, finite and not negative; a
                count below 1 is taken as 1, so that every token can be drawn.

        Raises:
            ValueError: If the shape is wrong, or a count is.
        """
        counts = check_token_counts(token_counts, self.vocabulary_size)
        counts = np.maximum(counts, 1.0)
        probabilities = counts / counts.sum()
        kept, alias = alias_table(probabilities)
        self.kept.assign(kept)
        self.alias.assign(alias)
        self.log_probabilities.assign(np.log(probabilities))
        self.bias.assign(np.log(probabilities))

    def call(self, hidden, targets, training=False):
        # A loss is computed in float32 in mixed precision too.
        hidden = ops.cast(hidden, self.variable_dtype)
        targets = ops.cast(targets, "int32")
        if not (training and self.num_candidates):
            return self._exact_loss(hidden, targets)
        candidates = draw(
            self.kept, self.alias, self.num_candidates, self.seed_generator
        )
        losses = sampled_softmax_loss(
            ops.reshape(hidden, (-1, hidden.shape[-1])),
            ops.reshape(targets, (-1,)),
            self.kernel,
            self.bias,
            candidates,
            self.log_probabilities + float(np.log(self.num_candidates)),
        )
        return ops.mean(losses)

    def _exact_loss(self, hidden, targets):
        # A step at a time: (batch, time, vocabulary) would not fit memory.
        losses = ops.map(
            lambda step: softmax_loss(step[0], step[1], self.kernel, self.bias),
            (ops.swapaxes(hidden, 0, 1), ops.transpose(targets)),
        )
        return ops.mean(losses)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "num_candidates": self.num_candidates,
            "seed": self.seed,
        }
