"""Passes over tables that are larger than what a step uses of them."""

import tensorflow as tf

from advtext.backend.tensorflow import expect_many_models, has_gpu

# Elements of an array from which on a pass over it is worth a compilation.
LARGE = 2**20


def fused(function):
    """Compiles a function of a large array by XLA, where that runs on a CPU.

    Args:
        function: Function of tensors that gives a tensor.

    Returns:
        The same function; what it is given first may be large.
    """
    by_xla = tf.function(function, autograph=False, jit_compile=True)

    def run(array, *args):
        expect_many_models()
        large = (array.shape.num_elements() or 0) >= LARGE
        return (by_xla if large and not has_gpu() else function)(array, *args)

    return run


def add_rows(x, indices, rows):
    """Returns `x` with rows added; an index may occur more than once.

    Args:
        x: `(number, dim)`.
        indices: Integers `(count,)`.
        rows: `(count, dim)`.
    """
    return tf.tensor_scatter_nd_add(x, indices[:, None], rows)
