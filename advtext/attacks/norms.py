"""Lengths, directions and balls per norm, each example over its other axes.

`x` is `(batch, ...)`. Everything is scaled by the largest coordinate first, so
that gradients from 1e-30 to 1e30 neither vanish nor overflow when squared.
"""

import math

import keras
from keras import ops

from advtext import backend
from advtext.arguments import check_choice

NORMS = ("l1", "l2", "linf")


def check_norm(norm):
    """Raises `ValueError` unless `norm` is one of `NORMS`."""
    check_choice("norm", norm, NORMS)


def _inner_axes(x):
    return tuple(range(1, len(x.shape)))


def length(x, norm):
    """Returns the length of every example, `(batch,)`, at least float32."""
    x = backend.at_least_float32(x)
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


def project(x, radius, norm):
    """Returns the nearest point (in l2) of the ball around zero.

    Args:
        x: Float tensor `(batch, ...)`.
        radius: Of the ball: a scalar, or `(batch, 1, ...)` like `x`.
        norm: `"l1"`, `"l2"` or `"linf"`.

    Reference:
        - [Duchi et al., 2008](https://doi.org/10.1145/1390156.1390191), l1
    """
    if norm == "linf":
        return ops.clip(x, -radius, radius)
    dtype, x = x.dtype, backend.at_least_float32(x)
    radius = ops.cast(radius, x.dtype)
    return ops.cast(_project(x, radius, norm), dtype)


def _project(x, radius, norm):
    size = ops.reshape(length(x, norm), (-1,) + (1,) * (len(x.shape) - 1))
    if norm == "l2":
        outside = size > radius
        scale = radius / ops.where(outside, size, ops.ones_like(size))
        return ops.where(outside, x * scale, x)
    flat = ops.reshape(ops.abs(x), (ops.shape(x)[0], -1))
    flat_radius = ops.reshape(radius * ops.ones_like(size), (-1, 1))
    descending = -ops.sort(-flat, axis=-1)
    rank = ops.cast(ops.arange(1, ops.shape(flat)[-1] + 1), x.dtype)
    excess = (ops.cumsum(descending, axis=-1) - flat_radius) / rank
    # The largest coordinates, lowered alike, are all that is left.
    left = ops.sum(ops.cast(descending > excess, x.dtype), axis=-1)
    last = ops.cast(ops.maximum(left, 1.0) - 1.0, "int32")
    lowered = ops.take_along_axis(excess, last[:, None], axis=-1)
    lowered = ops.reshape(lowered, ops.shape(size))
    shrunk = ops.sign(x) * ops.maximum(ops.abs(x) - lowered, 0.0)
    return ops.where(size > radius, shrunk, x)


def random_in_ball(shape, dtype, norm, seed):
    """Returns random points, uniform in the ball of radius 1 around zero.

    Args:
        shape: `(batch, ...)`.
        dtype: Floating-point type.
        norm: `"l1"`, `"l2"` or `"linf"`.
        seed: `keras.random.SeedGenerator`.
    """
    if norm == "linf":
        return keras.random.uniform(shape, -1.0, 1.0, dtype=dtype, seed=seed)
    wanted, dtype = dtype, keras.backend.result_type(dtype, "float32")
    if norm == "l2":
        noise = keras.random.normal(shape, dtype=dtype, seed=seed)
        surface = direction(noise, norm)
    else:
        noise = keras.random.uniform(shape, -1.0, 1.0, dtype=dtype, seed=seed)
        # The logarithm of a uniform number is exponentially distributed.
        size = -ops.log(ops.maximum(ops.abs(noise), 1e-7))
        total = ops.sum(size, axis=_inner_axes(size), keepdims=True)
        surface = ops.sign(noise) * size / total
    radii = (shape[0],) + (1,) * (len(shape) - 1)
    radius = keras.random.uniform(radii, dtype=dtype, seed=seed)
    dimension = ops.cast(math.prod(shape[1:]), dtype)
    return ops.cast(surface * radius ** (1.0 / dimension), wanted)
