"""An LSTM that reads documents and keeps nothing but what is pooled.

To predict with, on the CPU. Documents have far fewer distinct tokens than
tokens: the product with the inputs is taken once for each distinct one, and the
loop looks it up. Documents drop out of the loop as they end, so that nothing is
computed for padding but the rest of a block.
"""

import tensorflow as tf

from advtext.backend.matmul import low
from advtext.backend.tensorflow_lstm_steps import (
    cell,
    halves,
    like,
    num_loops,
    product,
    times,
)

# Steps between two looks at which documents have ended.
_BLOCK = 8
_POOL = {
    "last": lambda pooled, h: h,
    "max": tf.maximum,
    "mean": tf.add,
}
# No output is below.
_LOWEST = -1.0


def distinct(x):
    """Returns the distinct numbers of a tensor, and where each number is.

    Args:
        x: Integers of any shape.

    Returns:
        `(numbers, indices)`: `(count,)`, and int32 shaped like `x`.
    """
    numbers, indices = tf.unique(tf.reshape(x, (-1,)))
    return numbers, tf.reshape(indices, tf.shape(x))


def pooled_lstm(
    vectors, indices, lengths, kernel, recurrent_kernel, bias, poolings
):
    """Runs an LSTM over rows of a table, and pools its outputs.

    Args:
        vectors: The table, `(count, dim)`.
        indices: Rows of it, int32 `(batch, time)`.
        lengths: How many of the steps are real, int32 `(batch,)`, at least 1.
        kernel: As of `lstm`, and so are the other weights.
        recurrent_kernel: `(units, 4 * units)`.
        bias: `(4 * units,)`.
        poolings: Tuple of `"last"`, `"max"`, `"mean"`.

    Returns:
        List of `(batch, units)`, one for each pooling.
    """
    half = halves(bias)
    inputs = product(vectors[None], half * kernel, half * bias)[0]
    (weights,) = low(half * recurrent_kernel)
    order = tf.argsort(lengths, direction="DESCENDING", stable=True)
    loops = num_loops(indices)
    # Each loop has long and short documents alike.
    orders = [order[number::loops] for number in range(loops)]
    parts = [
        _run(
            inputs,
            tf.transpose(tf.gather(indices, rows)),
            tf.gather(lengths, rows),
            weights,
            poolings,
        )
        for rows in orders
    ]
    back = tf.math.invert_permutation(tf.concat(orders, axis=0))
    return [
        tf.gather(tf.concat(each, axis=0), back)
        for each in zip(*parts, strict=True)
    ]


def _run(inputs, indices, lengths, weights, poolings):
    """Runs the documents of one loop, the longest first.

    Args:
        inputs: Products of the table with the kernel, `(count, 4 * units)`.
        indices: `(time, batch)`.
        lengths: `(batch,)`.
        weights: Recurrent kernel, halved as of `forward`.
        poolings: As of `pooled_lstm`.
    """
    units = weights.shape[0]
    time = tf.reduce_max(lengths)
    start = tf.zeros((tf.shape(lengths)[0], units), inputs.dtype)
    pooled = [start + _LOWEST if p == "max" else start for p in poolings]

    def block(first, *states):
        number = tf.math.count_nonzero(lengths > first, dtype=tf.int32)
        left = lengths[:number, None]

        def step(t, h, c, *pooled):
            rows = tf.gather(inputs, indices[t, :number])
            gates = tf.tanh(rows + times(h, weights))
            h, c = cell(gates, c)
            real = t < left
            pooled = [
                tf.where(real, _POOL[pooling](each, h), each)
                for pooling, each in zip(poolings, pooled, strict=True)
            ]
            return t + 1, h, c, *pooled

        last = tf.minimum(first + _BLOCK, time)
        moved = tf.while_loop(
            lambda t, *_: t < last,
            step,
            (first, *(state[:number] for state in states)),
        )[1:]
        both = zip(moved, states, strict=True)
        return last, *(
            like(tf.concat([new, old[number:]], axis=0), old)
            for new, old in both
        )

    _, _, _, *pooled = tf.while_loop(
        lambda first, *_: first < time, block, (0, start, start, *pooled)
    )
    return [
        each / tf.cast(lengths[:, None], each.dtype) if p == "mean" else each
        for p, each in zip(poolings, pooled, strict=True)
    ]
