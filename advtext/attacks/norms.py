"""Lengths and directions per norm, each example over all its other axes.

`x` is `(batch, ...)`. Everything is scaled by the largest coordinate first, so
that gradients from 1e-30 to 1e30 neither vanish nor overflow when squared.
"""

from keras import ops

from advtext import backend

NORMS = ("l1", "l2", "linf")


def check_norm(norm):
    """Raises `ValueError` unless `norm` is one of `NORMS`."""
    if norm not in NORMS:
        raise ValueError(
            f"`norm` must be one of {', '.join(map(repr, NORMS))}. "
            f"Received: norm={norm!r}."
        )


def _inner_axes(x):
    return tuple(range(1, len(x.shape)))


def length(x, norm):
    """Returns the length of every example, `(batch,)`."""
    magnitude = ops.abs(x)
    axes = _inner_axes(x)
    if norm == "linf":
        return ops.max(magnitude, axis=axes)
    if norm == "l1":
        return ops.sum(magnitude, axis=axes)
    largest = ops.max(magnitude, axis=axes, keepdims=True)
    unit = ops.where(largest > 0, largest, ops.ones_like(largest))
    scaled = ops.sum(ops.square(x / unit), axis=axes)
    return ops.squeeze(unit, axis=axes) * ops.sqrt(scaled)


def direction(gradient, norm):
    """Returns the steepest ascent of length 1, zero where `gradient` is zero.

    Args:
        gradient: Float tensor `(batch, ...)`.
        norm: `"l2"`: the normalized gradient; `"linf"`: its sign; `"l1"`: the
            sign of its largest coordinate (shared evenly among ties).

    Returns:
        Tensor shaped like `gradient`. NaN and infinities are passed on.
    """
    if norm == "linf":
        return ops.sign(gradient)
    dtype = gradient.dtype
    return ops.cast(_direction(backend.at_least_float32(gradient), norm), dtype)


def _direction(gradient, norm):
    axes = _inner_axes(gradient)
    magnitude = ops.abs(gradient)
    largest = ops.max(magnitude, axis=axes, keepdims=True)
    one = ops.ones_like(largest)
    if norm == "l1":
        kept = ops.sign(gradient) * ops.cast(
            magnitude == largest, gradient.dtype
        )
        count = ops.sum(ops.abs(kept), axis=axes, keepdims=True)
        return kept / ops.where(count > 0, count, one)
    scaled = gradient / ops.where(largest > 0, largest, one)
    size = ops.sqrt(ops.sum(ops.square(scaled), axis=axes, keepdims=True))
    return scaled / ops.where(size > 0, size, one)
