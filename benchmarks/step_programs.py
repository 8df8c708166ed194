"""The programs of `step_time.py`: what a process does when it is asked."""

import contextlib

import numpy as np
from measuring import timed


def work(library, shape, vocabulary_size, connection):
    """Answers the names of programs with the seconds of a step, for ever."""
    batch, time, dim, units = shape
    rng = np.random.default_rng(0)
    x = rng.integers(1, vocabulary_size, (batch, time))
    y = rng.integers(0, 2, batch).astype("float32")
    known = {}
    with contextlib.suppress(EOFError):
        while True:
            name = connection.recv()
            if name not in known:
                known[name] = build(name, shape, vocabulary_size)
            connection.send(timed(known[name], x, y))


def build(name, shape, vocabulary_size):
    """Returns the function `(x, y)` that takes one step of a program."""
    sizes = vocabulary_size, *shape[2:]
    library, who, *method = name.split("/")
    if library == "torch":
        from torch_steps import Step

        return Step(*method, *sizes).run
    if who == "products":
        return products(*shape)
    import keras_steps

    method, _, variant = method[0].partition("_x")
    if who == "nested":
        return keras_steps.nested_tapes(*sizes).train_on_batch
    if who == "keras":
        model = keras_steps.plain_keras(*sizes, jit_compile=bool(variant))
        return model.train_on_batch
    method, _, rounded = method.partition("_bfloat16")
    step = keras_steps.ours(method, *sizes, jit_compile=bool(variant))
    if "bfloat16" not in name:
        return step.train_on_batch

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
