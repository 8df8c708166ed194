"""What is given per example or per step, made to fit the input."""

from keras import ops


def per_example(epsilon, x):
    """Returns a scalar or `(batch,)` so that it broadcasts over `x`."""
    epsilon = ops.cast(epsilon, x.dtype)
    if not len(epsilon.shape):
        return epsilon
    return ops.reshape(epsilon, (-1,) + (1,) * (len(x.shape) - 1))


def masked(x, mask):
    """Zeroes `x` where `mask`, over its first axes, is False."""
    if mask is None:
        return x
    mask = ops.cast(mask, "bool")
    extra = len(x.shape) - len(mask.shape)
    mask = ops.reshape(mask, tuple(ops.shape(mask)) + (1,) * extra)
    # A product would keep what is NaN.
    return ops.where(mask, x, ops.zeros_like(x))
