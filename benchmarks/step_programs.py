"""The programs of `step_time.py`: what a process does when it is asked."""

import functools

import numpy as np


def library_of(name):
    """Returns the library of a program, `library/who/method`."""
    return name.split("/")[0]


def build(name, shape, vocabulary_size):
    """Returns the function that takes one step of a program."""
    batch, time, *sizes = shape
    rng = np.random.default_rng(0)
    x = rng.integers(1, vocabulary_size, (batch, time))
    y = rng.integers(0, 2, batch).astype("float32")
    step = _step(name, shape, (vocabulary_size, *sizes))
    return functools.partial(step, x, y)


def _step(name, shape, sizes):
    """Returns the function `(x, y)` that takes one step of a program."""
    library, who, *method = name.split("/")
    if library == "torch":
        from torch_steps import Step

        return Step(*method, *sizes).run
    if who == "products":
        return products(*shape)
    import keras_steps

    if who == "nested":
        return keras_steps.nested_tapes(*sizes).train_on_batch
    method = method[0].removesuffix("_xla")
    by_xla = name.endswith("_xla")
    if who == "keras":
        return keras_steps.plain_keras(*sizes, by_xla).train_on_batch
    if not method.endswith("_bfloat16"):
        return keras_steps.ours(method, *sizes, by_xla).train_on_batch
    step = keras_steps.ours(method.removesuffix("_bfloat16"), *sizes)

    def low(x, y):
        from advtext import backend

        with backend.matmul_dtype("bfloat16"):
            step.train_on_batch(x, y)

    return low


def products(batch, time, dim, units):
    """Returns the products of a plain step of the LSTM, as large ones."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    steps, wide = batch * time, dim + units
    x = tf.constant(rng.normal(size=(steps, wide)).astype("float32"))
    w = tf.constant(rng.normal(size=(wide, 4 * units)).astype("float32"))

    @tf.function
    def run():
        gates = x @ w
        back = tf.matmul(gates, w, transpose_b=True)
        weights = tf.matmul(x, gates, transpose_a=True)
        return gates[0, 0] + back[0, 0] + weights[0, 0]

    return lambda x, y: run().numpy()
