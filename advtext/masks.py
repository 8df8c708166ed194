"""The masks that Keras ties to tensors, where only its layers see them."""

import keras
from keras import ops


class MaskReader(keras.layers.Layer):
    """Returns its input's mask beside the input."""

    def __init__(self):
        super().__init__(autocast=False)
        self.supports_masking = True
        self.built = True

    def call(self, inputs, mask=None):
        return inputs, mask


class MaskWriter(keras.layers.Layer):
    """Returns a copy of its first input, with the second one as its mask."""

    def __init__(self):
        super().__init__(autocast=False)
        self.supports_masking = True
        self.built = True

    def call(self, inputs):
        return ops.copy(inputs[0])

    def compute_mask(self, inputs, previous_mask=None):
        return inputs[1]


def mask_of(x):
    """Returns the mask tied to a tensor, or to each of a structure of them."""
    return MaskReader()(x)[1]


def with_mask(x, mask):
    """Returns a tensor with a mask tied to it, False where it is to be left.

    Args:
        x: Float tensor `(batch, ...)`.
        mask: Booleans over the first axes of `x`.
    """
    return MaskWriter()([x, mask])
