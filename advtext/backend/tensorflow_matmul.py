"""The type of the numbers in the large matrix products."""

import contextlib

import tensorflow as tf

_dtype = None


@contextlib.contextmanager
def matmul_dtype(dtype):
    """Rounds float32 factors of matrix products, within a `with` block.

    It holds for the LSTM on a CPU and the sampled softmax, in functions traced
    within the block; all else stays float32. Of use on processors that
    multiply bfloat16 faster, and without XLA, which there multiplies float32.

    Args:
        dtype: `"float32"` (nothing is rounded) or `"bfloat16"`.

    Example:

    >>> from advtext import backend
    >>> with backend.matmul_dtype("bfloat16"):
    ...     float(backend.matmul([[1.001]], [[1.0]])[0, 0])
    1.0
    """
    global _dtype
    before = _dtype
    _dtype = None if dtype == "float32" else tf.as_dtype(dtype)
    try:
        yield
    finally:
        _dtype = before


def low(*factors):
    """Returns the factors of a product, rounded if they are float32."""
    factors = tuple(map(tf.convert_to_tensor, factors))
    if _dtype is None:
        return factors
    return tuple(
        tf.cast(v, _dtype) if v.dtype == tf.float32 else v for v in factors
    )


def matmul(a, b, transpose_a=False):
    """Multiplies two matrices, and returns the type of the first."""
    a = tf.convert_to_tensor(a)
    return tf.cast(tf.matmul(*low(a, b), transpose_a=transpose_a), a.dtype)
