"""An LSTM over whole sequences with a gradient of its own, for the CPU.

Keras' loop multiplies inputs and weights step by step, forwards and again
backwards. Here only the product with the previous output is left in the loop:
the products with the inputs, and those that form the gradients of the weights
and of the inputs, are single ones over all steps (of a block).

A product of the loop is too small to be shared among cores: waiting for each
other costs more than it gains. So each half of the batch has a loop of its own,
and both run at once. In training, stretches of the loop are compiled by XLA.

All gates take one tanh, since `sigmoid(x) = (tanh(x / 2) + 1) / 2`.
"""

import tensorflow as tf
from keras import ops

from advtext.backend.matmul import low
from advtext.backend.tensorflow import expect_many_models
from advtext.backend.tensorflow_lstm_blocks import (
    block_arrays,
    in_blocks,
    in_one,
    over_blocks,
)
from advtext.backend.tensorflow_lstm_layouts import AT_ONCE, compiled
from advtext.backend.tensorflow_lstm_steps import (
    before,
    halves,
    like,
    num_loops,
)

# Steps that are compiled as one: what is compiled depends on no length.
BLOCK = 40
# With fewer units compiling takes longer than it saves.
_FEWEST_UNITS = 64
_SECOND_ORDER = (
    "advtext.layers.LSTM has no second-order gradients on a CPU with "
    "TensorFlow: use keras.layers.LSTM, which has the same weights"
)


def lstm(x, h, c, kernel, recurrent_kernel, bias, training=False):
    """Runs an LSTM with sigmoid gates and tanh, as `keras.layers.LSTM`.

    Args:
        x: `(batch, time, dim)`.
        h: Output before the first step, `(batch, units)`.
        c: Cell state before the first step, `(batch, units)`.
        kernel: `(dim, 4 * units)`; gates in Keras' order i, f, c, o.
        recurrent_kernel: `(units, 4 * units)`.
        bias: `(4 * units,)`.
        training: Whether it is worth while to compile the loops.

    Returns:
        `(outputs, h, c)`: `(batch, time, units)` and the last output and state.
    """
    # Tensors, not variables: the gradient needs the values of now, also when
    # a state that is a variable has moved on by then.
    rows = list(map(tf.convert_to_tensor, (x, h, c)))
    weights = list(map(tf.convert_to_tensor, (kernel, recurrent_kernel, bias)))
    run = _compiled if training and _pays(x, recurrent_kernel) else _at_once
    if num_loops(x) == 1:
        return run(*rows, *weights)
    number = ops.shape(x)[0]
    sizes = [number // 2, number - number // 2]
    parts = zip(*(_split(v, sizes) for v in rows), strict=True)
    results = zip(*(run(*each, *weights) for each in parts), strict=True)
    return tuple(tf.concat(each, axis=0) for each in results)


def _pays(x, recurrent_kernel):
    """Returns whether XLA runs the loop faster.

    It has no fast products of fewer bits.
    """
    return (
        low(recurrent_kernel)[0].dtype == x.dtype
        and x.dtype in (tf.float32, tf.float64)
        and recurrent_kernel.shape[0] >= _FEWEST_UNITS
    )


@tf.custom_gradient
def _at_once(*args):
    return _run(*args, None)


@tf.custom_gradient
def _compiled(*args):
    expect_many_models()
    return _run(*args, BLOCK)


def _run(x, h0, c0, kernel, recurrent_kernel, bias, size):
    """Returns the results, and the function that gives their gradients.

    Args:
        size: Steps in a block, which is compiled; `None` for all, as they are.
    """
    given = x, h0, c0, kernel, recurrent_kernel, bias
    if tf.executing_eagerly():
        # A tape would record what is within, too: XLA has no such gradients.
        x, h0, c0, kernel, recurrent_kernel, bias = map(tf.stop_gradient, given)
    time = tf.shape(x)[1]
    layout = AT_ONCE if size is None else compiled(recurrent_kernel.shape[0])
    x = in_blocks(x, size)
    number = 1 if size is None else tf.shape(x)[0]
    size = x.shape[1] or time
    half = halves(bias)
    into = layout.into_gates(half * kernel, half * bias)
    into_next = layout.turned(half * recurrent_kernel)

    def run(b, h, c, *saved):
        steps = tf.minimum(size, time - b * size)
        inputs = layout.inputs(x[b], into)
        *found, h_end, c_end = layout.forward(inputs, h, c, into_next, steps)
        found = (h, c, *found)
        saved = [a.write(b, f) for a, f in zip(saved, found, strict=True)]
        return b + 1, like(h_end, h), like(c_end, c), *saved

    start = 0, h0, c0, *block_arrays(x, number, 5)
    _, h, c, *saved = over_blocks(number, run, start)
    outputs = in_one(saved[-1].stack(), time)

    def gradient(d_outputs, d_h, d_c):
        of = *given, d_outputs, d_h, d_c
        if tf.executing_eagerly():
            d_outputs, d_h, d_c = map(tf.stop_gradient, of[-3:])
        d_outputs = in_blocks(d_outputs, x.shape[1])
        back_into = tf.transpose(kernel)
        back_before = layout.turned(tf.transpose(recurrent_kernel))

        def run(k, d_h, d_c, d_x, total):
            b = number - 1 - k
            steps = tf.minimum(size, time - b * size)
            h, c, gates, cells, outputs = (array.read(b) for array in saved)
            d_gates, d_h_start, d_c_start = layout.backward(
                c, gates, cells, d_outputs[b], d_h, d_c, back_before, steps
            )
            # All that is multiplied with weights or bias, side by side.
            factors = x[b], before(outputs, h), tf.ones_like(x[b][..., :1])
            more = layout.d_weights(tf.concat(factors, axis=-1), d_gates)
            return (
                k + 1,
                like(d_h_start, d_h),
                like(d_c_start, d_c),
                d_x.write(b, layout.d_inputs(d_gates, back_into)),
                total + more,
            )

        sizes = kernel.shape[0], recurrent_kernel.shape[0], 1
        zeros = tf.zeros((sum(sizes), bias.shape[0]), x.dtype)
        start = 0, d_h, d_c, *block_arrays(x, number, 1), layout.turned(zeros)
        _, d_h, d_c, d_x, total = over_blocks(number, run, start)
        d_kernel, d_recurrent, d_bias = tf.split(layout.turned(total), sizes)
        d_x = in_one(d_x.stack(), time)
        gradients = d_x, d_h, d_c, d_kernel, d_recurrent, d_bias[0]
        if tf.executing_eagerly():
            return [_not_again(each, *of) for each in gradients]
        return [
            tf.raw_ops.PreventGradient(input=each, message=_SECOND_ORDER)
            for each in gradients
        ]

    return (outputs, h, c), gradient


@tf.custom_gradient
def _not_again(gradient, *given):
    """Returns a gradient as it is; one of it, in what it is of, is refused."""

    def refuse(*_):
        raise LookupError(_SECOND_ORDER)

    return tf.identity(gradient), refuse


def _split(x, sizes):
    """Returns both halves of the rows; their gradients are joined at once."""
    parts = tf.split(x, sizes)
    for part in parts:
        part.set_shape((None, *x.shape[1:]))
    return parts
