"""The type of the numbers in the large matrix products."""

import contextlib

from keras import ops

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

    >>> import numpy as np
    >>> from advtext import backend
    >>> with backend.matmul_dtype("bfloat16"):
    ...     float(backend.matmul(np.float32([[1.001]]), np.eye(1))[0, 0])
    1.0
    """
    global _dtype
    before = _dtype
    _dtype = None if dtype == "float32" else dtype
    try:
        yield
    finally:
        _dtype = before


def low(*factors):
    """Returns the factors of a product, rounded if they are float32."""
    factors = tuple(map(ops.convert_to_tensor, factors))
    if _dtype is None:
        return factors
    return tuple(
        ops.cast(v, _dtype) if ops.dtype(v) == "float32" else v for v in factors
    )


def matmul(a, b):
    """Multiplies two matrices, and returns the type of the first."""
    a = ops.convert_to_tensor(a)
    return ops.cast(ops.matmul(*low(a, b)), a.dtype)
