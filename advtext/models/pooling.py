"""What a classifier reads of a padded sequence of outputs.

`outputs` is `(batch, time, dim)`; `mask` is `(batch, time)`, True for real
steps, which stand on the left: `to_front` brings them there.
"""

from keras import ops

POOLINGS = ("last", "max", "mean", "concat")


def pool(outputs, mask, pooling):
    """Returns `(batch, dim)`, or `(batch, 3 * dim)` for `"concat"`."""
    if pooling == "concat":
        parts = [pool(outputs, mask, each) for each in parts_of(pooling)]
        return ops.concatenate(parts, axis=-1)
    lengths = ops.expand_dims(lengths_of(mask), -1)
    if pooling == "last":
        # Of a single step too: the gradient of looking it up is slower.
        return _sum(outputs, ops.equal(_steps(mask), lengths - 1))
    real = ops.less(_steps(mask), lengths)
    if pooling == "max":
        lowest = ops.cast(-1e4, outputs.dtype)
        return ops.max(
            ops.where(ops.expand_dims(real, -1), outputs, lowest),
            axis=1,
            # Of no rows at all, too.
            initial=lowest,
        )
    return _sum(outputs, real) / ops.cast(lengths, outputs.dtype)


def parts_of(pooling):
    """Returns the poolings that one of `POOLINGS` puts side by side."""
    return POOLINGS[:3] if pooling == "concat" else (pooling,)


def reverse(sequence, mask):
    """Reverses the real steps of every row; padding stays where it is."""
    lengths, steps = ops.expand_dims(lengths_of(mask), -1), _steps(mask)
    order = ops.where(steps < lengths, lengths - 1 - steps, steps)
    return ops.take_along_axis(sequence, ops.expand_dims(order, -1), axis=1)


def to_front(sequence, mask):
    """Brings the real steps of every row to the left, in their order.

    Where they all stand there, as they mostly do, nothing is moved.

    Args:
        sequence: `(batch, time, dim)`.
        mask: Booleans `(batch, time)`, True for real steps, wherever they are.

    Returns:
        `(sequence, mask)`, with the padding of every row behind its end.
    """
    mask = ops.cast(mask, "bool")
    hole_before = ops.logical_and(mask[:, 1:], ops.logical_not(mask[:, :-1]))
    steps = _steps(mask)

    def moved():
        order = ops.argsort(
            ops.where(mask, steps, steps + ops.shape(mask)[1]), axis=1
        )
        found = ops.take_along_axis(
            sequence, ops.expand_dims(order, -1), axis=1
        )
        return ops.reshape(found, ops.shape(sequence))

    sequence = ops.cond(ops.any(hole_before), moved, lambda: sequence)
    count = ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)
    return sequence, ops.less(steps, count)


def _sum(outputs, mask):
    return ops.sum(ops.where(ops.expand_dims(mask, -1), outputs, 0.0), axis=1)


def _steps(mask):
    """Returns the number of every step, `(1, time)`."""
    return ops.expand_dims(ops.arange(ops.shape(mask)[1], dtype="int32"), 0)


def lengths_of(mask):
    """Returns how many steps are read, int32 `(batch,)`."""
    # At least 1, so that a row of padding alone is still defined.
    return ops.maximum(ops.sum(ops.cast(mask, "int32"), axis=1), 1)
