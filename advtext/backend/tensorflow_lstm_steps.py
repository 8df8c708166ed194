"""The loops of `tensorflow_lstm`: a block of steps, forwards and backwards."""

import tensorflow as tf
from keras import ops

from advtext.backend.matmul import low


def forward(inputs, h, c, recurrent_kernel, steps):
    """Runs the first steps of a block.

    Args:
        x: `(time, batch, dim)`.
        h: Output before the block, `(batch, units)`.
        c: Cell state before it.
        kernel: As of `lstm`; that of a sigmoid's gate halved.
        recurrent_kernel: As `kernel`.
        bias: As `kernel`.
        steps: How many of the steps there are.

    Returns:
        The tanh of all gates, cell states and outputs, `(time, batch, ...)`;
        the last output and cell state.
    """
    (weights,) = low(recurrent_kernel)

    def step(t, h, c, gates, cells, outputs):
        change = tf.cast(tf.matmul(*low(h), weights), h.dtype)
        gate = tf.tanh(inputs[t] + change)
        i, f, g, o = tf.split(gate, 4, axis=-1)
        c = 0.5 * ((f + 1.0) * c + (i + 1.0) * g)
        h = (0.5 * o + 0.5) * tf.tanh(c)
        return (
            t + 1,
            h,
            c,
            gates.write(t, gate),
            cells.write(t, c),
            outputs.write(t, h),
        )

    _, h, c, *stacks = tf.while_loop(
        lambda t, *_: t < steps,
        step,
        (0, h, c, *arrays(inputs, tf.shape(inputs)[0], 3)),
    )
    return *(stack.stack() for stack in stacks), h, c


def backward(c, gates, cells, d_outputs, d_h, d_c, recurrent_kernel, steps):
    """Takes gradients back through the first steps of a block.

    Args:
        x: As of `forward`, and so `h` and `c`.
        gates: What `forward` gave, and so `cells` and `outputs`.
        d_outputs: Gradient of the outputs, `(time, batch, units)`.
        d_h: Gradient of the last output, `(batch, units)`.
        d_c: Gradient of the last cell state.
        kernel: Transposed, `(4 * units, dim)`.
        recurrent_kernel: Transposed, `(4 * units, units)`.
        steps: How many of the steps there are.

    Returns:
        The gradients of `x`, `h`, `c`, both kernels and the bias.
    """
    i, f, g, o = tf.split(gates, 4, axis=-1)
    i, f, o = (0.5 * v + 0.5 for v in (i, f, o))
    squashed = tf.tanh(cells)
    # What a step multiplies with, of all steps at once.
    factors = tf.concat(
        [
            g * i * (1.0 - i),
            before(cells, c) * f * (1.0 - f),
            i * (1.0 - tf.square(g)),
            squashed * o * (1.0 - o),
        ],
        axis=-1,
    )
    into_cell = o * (1.0 - tf.square(squashed))
    (weights,) = low(recurrent_kernel)

    def step(t, d_h, d_c, d_gates):
        d_h = d_h + d_outputs[t]
        d_c = d_c + d_h * into_cell[t]
        d_gate = tf.concat([d_c, d_c, d_c, d_h], axis=-1) * factors[t]
        d_before = tf.matmul(*low(d_gate), weights)
        return (
            t - 1,
            tf.cast(d_before, d_h.dtype),
            d_c * f[t],
            d_gates.write(t, d_gate),
        )

    _, d_h, d_c, d_gates = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (steps - 1, d_h, d_c, *arrays(cells, tf.shape(cells)[0], 1)),
    )
    return d_gates.stack(), d_h, d_c


COMPILED = [
    tf.function(function, autograph=False, jit_compile=True)
    for function in (forward, backward)
]


def before(states, first):
    """Returns the states before each step."""
    return tf.concat([first[None], states[:-1]], axis=0)


def product(x, weights):
    """Multiplies every step of `(time, batch, dim)` in one product."""
    flat = tf.matmul(*low(tf.reshape(x, (-1, x.shape[-1])), weights))
    flat = tf.reshape(flat, (*ops.shape(x)[:2], weights.shape[-1]))
    return tf.cast(flat, x.dtype)


def weight_gradient(x, d_gates):
    flat = low(*(tf.reshape(v, (-1, v.shape[-1])) for v in (x, d_gates)))
    return tf.cast(tf.matmul(*flat, transpose_a=True), x.dtype)


def arrays(x, size, number):
    """Returns as many arrays of `size` tensors, each of the type of `x`."""
    return [
        tf.TensorArray(x.dtype, size=size, clear_after_read=False)
        for _ in range(number)
    ]
