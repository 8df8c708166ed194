import keras
from keras import ops

from advtext.arguments import check_count


@keras.saving.register_keras_serializable("advtext")
class Maxout(keras.layers.Layer):
    """The largest of every `num_pieces` features: a learned activation.

    After a linear layer with `units * num_pieces` features, dense or
    convolutional, it makes `units` maxout units, each the maximum of
    `num_pieces` linear functions. Piece `p` of unit `u` is feature
    `p * units + u`.

    Args:
        num_pieces: Features a unit takes the maximum of, at least 1.

    Input shape:
        `(batch, ..., units * num_pieces)`
    Output shape:
        `(batch, ..., units)`

    Raises:
        ValueError: If `num_pieces` is no positive integer, or does not divide
            the number of features.

    Example:

    >>> import numpy as np
    >>> from advtext.layers import Maxout
    >>> x = np.array([[1.0, 2.0, 3.0, 0.0]])
    >>> np.asarray(Maxout(num_pieces=2)(x)).tolist()
    [[3.0, 2.0]]

    Reference:
        - [Goodfellow et al., 2013](https://arxiv.org/abs/1302.4389), section 2
    """

    def __init__(self, num_pieces, **kwargs):
        super().__init__(**kwargs)
        self.num_pieces = check_count("num_pieces", num_pieces)
        self.supports_masking = True

    def build(self, input_shape):
        self._units(input_shape)

    def call(self, inputs):
        shape = (*ops.shape(inputs)[:-1], self.num_pieces, -1)
        return ops.max(ops.reshape(inputs, shape), axis=-2)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self._units(input_shape))

    def _units(self, input_shape):
        features = input_shape[-1]
        if features is None or features % self.num_pieces:
            raise ValueError(
                "The number of features must be a multiple of `num_pieces`="
                f"{self.num_pieces}. Received: input shape {input_shape}."
            )
        return features // self.num_pieces

    def get_config(self):
        return {**super().get_config(), "num_pieces": self.num_pieces}
