"""Gradients by `tf.GradientTape`."""

import contextlib

import keras
import tensorflow as tf
from tensorflow.python.ops import control_flow_util

from advtext.backend import training_step

# Keras looks at two batches, and fixes the dimensions they have in common.
COMMON_DIMENSIONS_ARE_FIXED = True
# A graph is fast without XLA, too.
STEPS_ARE_COMPILED = False

# What it raises where an operation fails.
ERRORS = (tf.errors.OpError,)


def input_gradient(loss_fn, x):
    """Returns the gradient of a scalar loss with respect to its input.

    Nothing flows back through the result: `x` and the gradient are constants
    to every outer tape.

    Args:
        loss_fn: Function from a tensor like `x` to a scalar.
        x: Float tensor.

    Returns:
        Tensor shaped like `x`; zeros where the loss does not depend on it.
    """
    x = tf.stop_gradient(x)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        loss = loss_fn(x)
    gradient = tape.gradient(loss, x, unconnected_gradients="zero")
    return tf.stop_gradient(gradient)


def value_and_gradients(objective, variables, x):
    """Differentiates an objective in the variables and in its input at once.

    Args:
        objective: Function from something like `x` to `(loss, auxiliary)`,
            the loss a scalar.
        variables: List of variables.
        x: Float tensor, or a structure of them: leaves, nothing before them
            is differentiated.

    Returns:
        `(loss, auxiliary, variable_gradients, x_gradient)`; the gradient of a
        variable the loss does not depend on is `None` or zero.
    """
    x = keras.tree.map_structure(tf.stop_gradient, x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss, auxiliary = objective(x)
    variable_gradients, x_gradient = tape.gradient(loss, (variables, x))
    return loss, auxiliary, variable_gradients, x_gradient


def vjp(function, variables):
    """Runs a function and returns its result with the backward half.

    Args:
        function: Function without arguments, giving a structure of tensors.
        variables: List of variables.

    Returns:
        `(result, backward)`. `backward(cotangents)` takes a structure like
        the result and returns one gradient per variable (`None` or zero where
        there is none); it can be called once.
    """
    with tf.GradientTape() as tape:
        result = function()

    def backward(cotangents):
        return tape.gradient(result, variables, output_gradients=cotangents)

    return result, backward


def add_gradients(a, b, factor=1.0):
    """Returns `a + factor * b`.

    Args:
        a: Gradient, or `None` for zero.
        b: Gradient, or `None` for zero.
        factor: The number 1.0, or a scalar tensor.
    """
    if b is None:
        return a
    sparse = isinstance(b, tf.IndexedSlices)
    if not isinstance(factor, float) or factor != 1.0:
        factor = tf.cast(factor, b.dtype)
        if sparse:
            b = tf.IndexedSlices(factor * b.values, b.indices, b.dense_shape)
        else:
            b = factor * b
    if a is None:
        return b
    # Dense: Keras' optimizers square each slice of a row by itself.
    return tf.convert_to_tensor(a) + tf.convert_to_tensor(b)


def after(x, tensors):
    """Returns a tensor that waits for others; it is the same.

    What runs at the same time shares the cores unevenly, and the memory.

    Args:
        x: Tensor.
        tensors: List of what was computed before; `None` is passed over.
    """
    before = tf.nest.flatten(tensors, expand_composites=True)
    with tf.control_dependencies([v for v in before if v is not None]):
        return tf.identity(x)


def step(function):
    """Makes a Keras step of a function `(model, data) -> logs`: it is one."""
    return function


@contextlib.contextmanager
def steps_followed_by(model, metric, function):
    """Has a function run after every training step of `fit`, and within it.

    Args:
        model: Compiled and built Keras model, while it is being fitted.
        metric: `keras.metrics.Metric` that holds the variables that the
            function assigns.
        function: Function without arguments.
    """
    step = model.train_step

    def longer(data):
        logs = step(data)
        function()
        return logs

    with training_step.replaced(model, longer):
        yield


def compiled(function, variables, spec=None):
    """Compiles a function, once for every shape of its arguments.

    Args:
        function: Function of tensors (or `None`) that gives a tensor.
        variables: All Keras variables that it reads or assigns.
        spec: `keras.InputSpec` of the only argument; TensorFlow compiles once
            for all that it allows, JAX for every shape all the same.

    Returns:
        The same function, to be called with tensors, not numbers.
    """
    expect_many_models()
    signature = spec and [tf.TensorSpec(spec.shape, spec.dtype)]
    return tf.function(function, signature, autograph=False)


def repeat(count, body, value):
    """Returns `body(body(... value))`; variables that it assigns keep up.

    Args:
        count: How often, an integer of at least 0.
        body: Function from something like `value` to the same.
        value: Tensor, or a structure of them.
    """
    return keras.ops.fori_loop(0, count, lambda _, value: body(value), value)


def is_symbolic(x):
    """Returns whether a tensor has no value yet: a function is compiled."""
    return tf.is_tensor(x) and not hasattr(x, "numpy")


def is_in_xla():
    """Returns whether what is being traced will be compiled by XLA."""
    return not tf.executing_eagerly() and (
        control_flow_util.GraphOrParentsInXlaContext(
            tf.compat.v1.get_default_graph()
        )
    )


def sync_state(model):
    """Makes a model's variables hold the values of now, within `fit`."""


def has_gpu():
    """Returns whether operations run on a GPU."""
    return bool(tf.config.list_logical_devices("GPU"))


def enable_determinism():
    """Makes every later operation give the same bits on every run."""
    tf.config.experimental.enable_op_determinism()


def expect_many_models():
    """Keeps silent about retracing: model after model is trained.

    TensorFlow takes their functions for one that is traced again and again.
    """
    logger = tf.get_logger()
    if _is_not_about_retracing not in logger.filters:
        logger.addFilter(_is_not_about_retracing)


def _is_not_about_retracing(record):
    return "triggered tf.function retracing" not in str(record.msg)
