"""The loops of `tensorflow_lstm`: a block of steps, forwards and backwards."""

import tensorflow as tf
from keras import ops

from advtext.backend.cores import num_cores
from advtext.backend.matmul import low


def forward(inputs, h, c, weights, steps, axis=-1):
    """Runs the first steps of a block.

    Args:
        inputs: Products with the inputs, `(time, batch, 4 * units)`; those of
            a gate with a sigmoid halved. `(4 * units, time, batch)` with
            columns.
        h: Output before the block, `(batch, units)`.
        c: Cell state before it.
        weights: Recurrent kernel `(units, 4 * units)`, halved likewise.
        steps: How many of the steps there are.
        axis: -1; or -2 for a column, not a row, for every document: all that
            is not told otherwise is transposed then.

    Returns:
        The tanh of all gates, cell states and outputs, `(time, batch, ...)`;
        the last output and cell state.
    """
    (weights,) = low(weights)
    columns = axis == -2
    time = tf.shape(inputs)[1 if columns else 0]

    def step(t, h, c, gates, cells, outputs):
        entering = inputs[:, t] if columns else inputs[t]
        gate = tf.tanh(entering + times(h, weights, axis))
        h, c = cell(gate, c, axis)
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
        (0, h, c, *arrays(inputs, time, 3)),
    )
    return *(stack.stack() for stack in stacks), h, c


def backward(c, gates, cells, d_outputs, d_h, d_c, weights, steps, axis=-1):
    """Takes gradients back through the first steps of a block.

    Args:
        c: Cell state before the block, `(batch, units)`.
        gates: What `forward` gave.
        cells: What `forward` gave.
        d_outputs: Gradient of the outputs, `(time, batch, units)`.
        d_h: Gradient of the last output, `(batch, units)`.
        d_c: Gradient of the last cell state.
        weights: Recurrent kernel, transposed, `(4 * units, units)`.
        steps: How many of the steps there are.
        axis: As of `forward`.

    Returns:
        The gradients of what goes into the gates, shaped like `inputs` of
        `forward`, and of `h` and `c`.
    """
    i, f, g, o = tf.split(gates, 4, axis=axis)
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
        axis=axis,
    )
    into_cell = o * (1.0 - tf.square(squashed))
    (weights,) = low(weights)

    def step(t, d_h, d_c, d_gates):
        d_h = d_h + d_outputs[t]
        d_c = d_c + d_h * into_cell[t]
        d_gate = tf.concat([d_c, d_c, d_c, d_h], axis=axis) * factors[t]
        return (
            t - 1,
            times(d_gate, weights, axis),
            d_c * f[t],
            d_gates.write(t, d_gate),
        )

    _, d_h, d_c, d_gates = tf.while_loop(
        lambda t, *_: t >= 0,
        step,
        (steps - 1, d_h, d_c, *arrays(cells, tf.shape(cells)[0], 1)),
    )
    d_gates = d_gates.stack()
    if axis == -2:
        d_gates = tf.transpose(d_gates, (1, 0, 2))
    return d_gates, d_h, d_c


def cell(gates, c, axis=-1):
    """Returns the output and the cell state after a step.

    Args:
        gates: Tanh of what goes into the gates i, f, c, o; of what goes into
            those with a sigmoid, halved.
        c: Cell state before the step.
        axis: Where the gates are side by side.
    """
    i, f, g, o = tf.split(gates, 4, axis=axis)
    c = 0.5 * ((f + 1.0) * c + (i + 1.0) * g)
    return (0.5 * o + 0.5) * tf.tanh(c), c


def times(x, weights, axis=-1):
    """Returns the product of a step; `weights` are rounded already."""
    (factor,) = low(x)
    pair = (factor, weights) if axis == -1 else (weights, factor)
    return tf.cast(tf.matmul(*pair), x.dtype)


def before(states, first):
    """Returns the states before each step."""
    return tf.concat([first[None], states[:-1]], axis=0)


def flat(x):
    """Returns `(time, batch, dim)` as one matrix."""
    return tf.reshape(x, (-1, x.shape[-1]))


def product(x, weights, bias=None):
    """Multiplies every step of `(time, batch, dim)` in one product."""
    found = tf.cast(tf.matmul(*low(flat(x), weights)), x.dtype)
    if bias is not None:
        found = tf.nn.bias_add(found, bias)
    return tf.reshape(found, (*ops.shape(x)[:2], weights.shape[-1]))


def num_loops(x):
    """Returns in how many loops, at once, the rows of a batch are to run."""
    return 1 if num_cores() == 1 or x.shape[0] == 1 else 2


def like(x, other):
    """Returns a tensor that has the shape of another, and says so."""
    x.set_shape(other.shape)
    return x


def halves(bias):
    """Returns 1/2 for the gates with a sigmoid, 1 for the one with a tanh."""
    half = tf.fill((bias.shape[0] // 4,), tf.cast(0.5, bias.dtype))
    return tf.concat([half, half, tf.ones_like(half), half], axis=0)


def arrays(x, size, number):
    """Returns as many arrays of `size` tensors, each of the type of `x`."""
    return [
        tf.TensorArray(x.dtype, size=size, clear_after_read=False)
        for _ in range(number)
    ]
