"""Looking up rows of a table that is normalized over the corpus."""

from keras import ops

from advtext import backend


def normalized_lookup(table, frequencies, token_ids):
    """Returns rows of a table, each dimension of mean 0 and variance 1.

    The gradient goes through mean and variance, so that all rows have one. It
    is `frequencies * (offset + slope * table)` and what the rows themselves
    bring: one pass over the table, where the chain rule takes many.

    Args:
        table: `(tokens, dim)`, at least float32.
        frequencies: Share of each token in the corpus, `(tokens,)`.
        token_ids: Integers of any shape.

    Returns:
        Tensor shaped like `token_ids`, with `dim` at the end.
    """

    @ops.custom_gradient
    def lookup(table):
        mean, variance = moments(table, frequencies)
        scale = ops.rsqrt(variance + 1e-6)
        centred = ops.take(table, token_ids, axis=0) - mean

        def gradient(*args, upstream=None):
            (upstream,) = args or (upstream,)
            axes = tuple(range(len(centred.shape) - 1))
            d_rows = upstream * scale
            # Of the variance, twice: the slope of its own gradient.
            slope = -(scale**3) * ops.sum(upstream * centred, axis=axes)
            offset = -ops.sum(d_rows, axis=axes) - slope * mean
            return _gradient(
                table,
                frequencies,
                slope,
                offset,
                ops.reshape(token_ids, (-1,)),
                ops.reshape(d_rows, (-1, table.shape[1])),
            )

        return centred * scale, gradient

    # A tensor: TensorFlow would look for a gradient of the variable.
    return lookup(ops.reshape(table, table.shape))


def moments(table, frequencies):
    """Returns the weighted mean and variance of each dimension, `(dim,)`."""
    frequencies = ops.expand_dims(frequencies, 0)
    mean = ops.matmul(frequencies, table)
    variance = ops.matmul(frequencies, ops.square(ops.subtract(table, mean)))
    return ops.squeeze(mean, 0), ops.squeeze(variance, 0)


@backend.fused
def _gradient(table, frequencies, slope, offset, token_ids, d_rows):
    through_moments = ops.expand_dims(frequencies, 1) * (offset + slope * table)
    return backend.add_rows(through_moments, token_ids, d_rows)
