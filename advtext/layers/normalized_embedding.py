import keras
from keras import ops

from advtext.arguments import (
    check_count,
    check_initializer,
    check_token_counts,
)
from advtext.layers.normalized_lookup import moments, normalized_lookup


@keras.saving.register_keras_serializable("advtext")
class NormalizedEmbedding(keras.layers.Layer):
    """An embedding whose vectors have mean 0 and variance 1 over the corpus.

    A perturbation of fixed length could be made harmless by learning longer
    embeddings. Here every dimension is normalized over the vocabulary, each
    token weighted by how often it occurs, so that the lengths of embeddings
    and perturbations stay comparable. The table is normalized anew in every
    call, with gradients through mean and variance.

    Args:
        input_dim: Size of the vocabulary, padding included.
        output_dim: Dimension of the vectors.
        embeddings_initializer: Initializer of the table; uniform in [-1, 1)
            by default.

    Call arguments:
        inputs: Integer token ids.

    Input shape:
        `(batch, time)`
    Output shape:
        `(batch, time, output_dim)`

    Raises:
        ValueError: If a size is not a positive integer.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from advtext.layers import NormalizedEmbedding
    >>> keras.utils.set_random_seed(0)
    >>> embedding = NormalizedEmbedding(input_dim=4, output_dim=3)
    >>> embedding.adapt([0, 7, 2, 1])
    >>> vectors = embedding(np.array([[1] * 7 + [2] * 2 + [3]]))[0]
    >>> bool(np.allclose(np.var(vectors, axis=0), 1.0, atol=1e-4))
    True

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), equation 1
    """

    def __init__(
        self, input_dim, output_dim, embeddings_initializer=None, **kwargs
    ):
        super().__init__(**kwargs)
        # Token ids that come as floats would collide in fewer bits.
        self.autocast = False
        self.input_dim = check_count("input_dim", input_dim)
        self.output_dim = check_count("output_dim", output_dim)
        self.embeddings_initializer = check_initializer(
            "embeddings_initializer", embeddings_initializer
        ) or keras.initializers.RandomUniform(-1.0, 1.0)

    def build(self, input_shape=None):
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            autocast=False,
        )
        self.token_counts = self.add_weight(
            name="token_counts",
            shape=(self.input_dim,),
            initializer="ones",
            trainable=False,
            autocast=False,
        )

    def adapt(self, token_counts):
        """Sets how often each token occurs in the corpus.

        The counts become a weight of the layer: they are saved with it. Until
        then every token counts the same.

        Args:
            token_counts: `(input_dim,)` numbers of at least 0, not all 0; the
                count of padding is 0.

        Raises:
            ValueError: If the shape or a count is wrong.
        """
        counts = check_token_counts(token_counts, self.input_dim)
        if not counts.any():
            raise ValueError("`token_counts` must not all be 0.")
        if not self.built:
            self.build()
            self.built = True
        self.token_counts.assign(counts)

    def moments(self):
        """Returns the weighted mean and variance, each `(output_dim,)`."""
        return moments(self.embeddings, self._frequencies())

    def call(self, inputs):
        # A Sequential model hands over its inputs as floats.
        token_ids = ops.cast(inputs, "int32")
        vectors = normalized_lookup(
            self.embeddings, self._frequencies(), token_ids
        )
        return ops.cast(vectors, self.compute_dtype)

    def _frequencies(self):
        return self.token_counts / ops.sum(self.token_counts)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": keras.initializers.serialize(
                self.embeddings_initializer
            ),
        }
