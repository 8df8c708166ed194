"""Sequences in blocks of steps, and what is kept of every block."""

import tensorflow as tf
from keras import ops

from advtext.backend.tensorflow_lstm_steps import arrays


def in_blocks(x, size):
    """Returns `(batch, time, dim)` as `(blocks, size, batch, dim)`."""
    x = tf.transpose(x, (1, 0, 2))
    if size is None:
        return x[None]
    missing = -tf.shape(x)[0] % size
    x = tf.pad(x, [[0, missing], [0, 0], [0, 0]])
    return tf.reshape(x, (-1, size, *ops.shape(x)[1:]))


def in_one(blocks, time):
    """Returns what `in_blocks` divided."""
    x = tf.reshape(blocks, (-1, *ops.shape(blocks)[2:]))[:time]
    return tf.transpose(x, (1, 0, 2))


class _One:
    """An array of the one block there is.

    SavedModel cannot keep a `tf.TensorArray` for a gradient.
    """

    def __init__(self, value=None):
        self.value = value

    def write(self, index, value):
        return _One(value)

    def read(self, index):
        return self.value

    def stack(self):
        return self.value[None]


def block_arrays(x, size, number):
    """Returns as many arrays, each for a tensor of every block.

    Args:
        x: Tensor of the type of what they hold.
        size: How many blocks there are: a tensor, or the number 1.
        number: How many arrays.
    """
    if isinstance(size, int):
        return [_One()] * number
    return arrays(x, size, number)


def over_blocks(number, body, start):
    """Runs a function for every block.

    Args:
        number: How many blocks there are: a tensor, or the number 1.
        body: Function as of `tf.while_loop`; the number of the block is first.
        start: What the first block starts from.
    """
    if isinstance(number, int):
        return body(*start)
    return tf.while_loop(lambda b, *_: b < number, body, start)
