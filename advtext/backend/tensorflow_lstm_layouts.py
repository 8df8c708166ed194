"""How documents lie in the loops of `tensorflow_lstm`: rows, or columns.

A layout has the loops over a block of steps, `forward` and `backward` of
`tensorflow_lstm_steps`, and the large products before and behind them.
"""

import tensorflow as tf
from keras import ops

from advtext.backend.matmul import low
from advtext.backend.tensorflow_lstm_steps import (
    backward,
    flat,
    forward,
    product,
)


class _Rows:
    """A row for every document.

    What goes into the gates, and its gradient, is `(time, batch, 4 * units)`.

    Args:
        forward: Function as of `tensorflow_lstm_steps`, compiled or not.
        backward: The other one.
    """

    def __init__(self, forward=forward, backward=backward):
        self.forward = forward
        self.backward = backward

    def turned(self, weights):
        """Returns a matrix, with a row for every input, as it lies here.

        Turned twice it is what it was.
        """
        return weights

    def into_gates(self, kernel, bias):
        """Returns the weights that `inputs` takes, once for all blocks.

        Args:
            kernel: `(dim, 4 * units)`.
            bias: `(4 * units,)`.
        """
        return kernel, bias

    def inputs(self, x, weights):
        """Returns what goes into the gates from outside of the loop.

        Args:
            x: `(time, batch, dim)`.
            weights: What `into_gates` gave.
        """
        return product(x, *weights)

    def d_inputs(self, d_gates, kernel):
        """Returns the gradient of `x`, `(time, batch, dim)`.

        Args:
            d_gates: What `backward` gave.
            kernel: Transposed, `(4 * units, dim)`.
        """
        return product(d_gates, kernel)

    def d_weights(self, factors, d_gates):
        """Returns the gradient of what factors are multiplied with, `turned`.

        Args:
            factors: `(time, batch, number)`.
            d_gates: What `backward` gave.
        """
        pair = low(flat(factors), flat(d_gates))
        return tf.cast(tf.matmul(*pair, transpose_a=True), factors.dtype)


class _Columns(_Rows):
    """A column for every document: products of many units are faster.

    What goes into the gates, and its gradient, is `(4 * units, time, batch)`,
    as the large products give and take it: XLA transposes neither.
    """

    def turned(self, weights):
        return tf.transpose(weights)

    def into_gates(self, kernel, bias):
        return tf.transpose(tf.concat([kernel, bias[None]], axis=0))

    def inputs(self, x, weights):
        x = tf.concat([x, tf.ones_like(x[..., :1])], axis=-1)
        found = tf.matmul(weights, flat(x), transpose_b=True)
        return tf.reshape(found, (weights.shape[0], *ops.shape(x)[:2]))

    def d_inputs(self, d_gates, kernel):
        found = tf.matmul(_wide(d_gates), kernel, transpose_a=True)
        return tf.reshape(found, (*ops.shape(d_gates)[1:], kernel.shape[1]))

    def d_weights(self, factors, d_gates):
        return tf.matmul(_wide(d_gates), flat(factors))


def _wide(gates):
    """Returns `(4 * units, time, batch)` as one matrix."""
    return tf.reshape(gates, (gates.shape[0], -1))


_transposed = tf.linalg.matrix_transpose


def _forward(inputs, h, c, weights, steps):
    """As `forward`, with columns in the loop; the outputs are rows again."""
    turned = map(_transposed, (h, c))
    gates, cells, *rest = forward(inputs, *turned, weights, steps, axis=-2)
    return gates, cells, *map(_transposed, rest)


def _backward(c, gates, cells, d_outputs, d_h, d_c, weights, steps):
    """As `backward`, of what `_forward` gave."""
    turned = map(_transposed, (d_outputs, d_h, d_c))
    d_gates, *rest = backward(
        _transposed(c), gates, cells, *turned, weights, steps, axis=-2
    )
    return d_gates, *map(_transposed, rest)


def _compile(*functions):
    return [
        tf.function(function, autograph=False, jit_compile=True)
        for function in functions
    ]


AT_ONCE = _Rows()
_COMPILED = _Rows(*_compile(forward, backward))
_COMPILED_COLUMNS = _Columns(*_compile(_forward, _backward))
# Units from which on products are faster with columns.
_MANY_UNITS = 512


def compiled(units):
    """Returns the layout whose loops XLA compiles, for so many units."""
    return _COMPILED_COLUMNS if units >= _MANY_UNITS else _COMPILED
