"""An LSTM over whole sequences with a gradient of its own, for the CPU.

Keras' loop multiplies inputs and weights step by step, forwards and again
backwards. Here only the product with the previous output is left in the loop:
the products with the inputs, and those that form the gradients of the weights
and of the inputs, are single products over all steps.
"""

import tensorflow as tf

from advtext.backend.matmul import low


def lstm(x, h, c, kernel, recurrent_kernel, bias):
    """Runs an LSTM with sigmoid gates and tanh, as `keras.layers.LSTM`.

    Args:
        x: `(batch, time, dim)`.
        h: Output before the first step, `(batch, units)`.
        c: Cell state before the first step, `(batch, units)`.
        kernel: `(dim, 4 * units)`; gates in Keras' order i, f, c, o.
        recurrent_kernel: `(units, 4 * units)`.
        bias: `(4 * units,)`.

    Returns:
        `(outputs, h, c)`: `(batch, time, units)` and the last output and state.
    """
    # Tensors, not variables: the gradient needs the values of now, also when
    # a state that is a variable has moved on by then.
    tensors = map(tf.convert_to_tensor, (h, c, kernel, recurrent_kernel, bias))
    outputs, h, c = _lstm(tf.transpose(x, (1, 0, 2)), *tensors)
    return tf.transpose(outputs, (1, 0, 2)), h, c


@tf.custom_gradient
def _lstm(x, h0, c0, kernel, recurrent_kernel, bias):
    inputs = _products(x, kernel)
    gates, cells, outputs = _forward(inputs, h0, c0, recurrent_kernel, bias)

    def gradient(d_outputs, d_h, d_c):
        before = tf.concat([c0[None], cells[:-1]], axis=0)
        d_gates, d_h0, d_c0 = _backward(
            gates, cells, before, d_outputs, d_h, d_c, recurrent_kernel
        )
        before = tf.concat([h0[None], outputs[:-1]], axis=0)
        return (
            tf.cast(_products(d_gates, tf.transpose(kernel)), x.dtype),
            d_h0,
            d_c0,
            _weight_gradient(x, d_gates),
            _weight_gradient(before, d_gates),
            tf.reduce_sum(tf.cast(d_gates, x.dtype), (0, 1)),
        )

    return (outputs, outputs[-1], cells[-1]), gradient


def _products(x, weights):
    """Multiplies every step of `(time, batch, dim)` in one product."""
    flat = tf.matmul(*low(tf.reshape(x, (-1, x.shape[-1])), weights))
    time, batch = tf.unstack(tf.shape(x)[:2])
    return tf.reshape(flat, (time, batch, weights.shape[-1]))


def _weight_gradient(x, d_gates):
    flat = low(*(tf.reshape(v, (-1, v.shape[-1])) for v in (x, d_gates)))
    return tf.cast(tf.matmul(*flat, transpose_a=True), x.dtype)


def _arrays(steps, *dtypes):
    return [tf.TensorArray(dtype, size=steps) for dtype in dtypes]


def _forward(inputs, h0, c0, recurrent_kernel, bias):
    """Returns activated gates, cell states and outputs of all steps."""
    steps = tf.shape(inputs)[0]
    dtype = h0.dtype
    (weights,) = low(recurrent_kernel)

    def step(t, h, c, gates, cells, outputs):
        product = tf.matmul(*low(h), weights)
        i, f, g, o = tf.split(
            tf.cast(inputs[t], dtype) + tf.cast(product, dtype) + bias,
            4,
            axis=-1,
        )
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        h = o * tf.tanh(c)
        return (
            t + 1,
            h,
            c,
            gates.write(t, tf.concat([i, f, g, o], axis=-1)),
            cells.write(t, c),
            outputs.write(t, h),
        )

    *_, gates, cells, outputs = tf.while_loop(
        lambda t, *_: t < steps,
        step,
        (0, h0, c0, *_arrays(steps, dtype, dtype, dtype)),
        maximum_iterations=steps,
    )
    return gates.stack(), cells.stack(), outputs.stack()


def _backward(gates, cells, before, d_outputs, d_h, d_c, recurrent_kernel):
    """Returns the gradients of the gates' inputs, and of both states.

    The first only enter products, and have their type.
    """
    steps = tf.shape(gates)[0]
    (weights,) = low(tf.transpose(recurrent_kernel))

    def step(t, d_h, d_c, d_gates):
        i, f, g, o = tf.split(gates[t], 4, axis=-1)
        squashed = tf.tanh(cells[t])
        d_h = d_h + d_outputs[t]
        d_c = d_c + d_h * o * (1.0 - tf.square(squashed))
        parts = (
            d_c * g * i * (1.0 - i),
            d_c * before[t] * f * (1.0 - f),
            d_c * i * (1.0 - tf.square(g)),
            d_h * squashed * o * (1.0 - o),
        )
        d_gate = tf.concat(low(*parts), axis=-1)
        return (
            t - 1,
            tf.cast(tf.matmul(d_gate, weights), d_h.dtype),
            d_c * f,
            d_gates.write(t, d_gate),
        )

    _, d_h, d_c, d_gates = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (steps - 1, d_h, d_c, *_arrays(steps, weights.dtype)),
        maximum_iterations=steps,
    )
    return d_gates.stack(), d_h, d_c
