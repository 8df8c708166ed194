"""Gradients by `tf.GradientTape`."""

import tensorflow as tf


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
        objective: Function from a tensor like `x` to `(loss, auxiliary)`,
            the loss a scalar.
        variables: List of variables.
        x: Float tensor, a leaf: nothing before it is differentiated.

    Returns:
        `(loss, auxiliary, variable_gradients, x_gradient)`; the gradient of a
        variable the loss does not depend on is `None`.
    """
    x = tf.stop_gradient(x)
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
        the result and returns one gradient (or `None`) per variable; it can be
        called once.
    """
    with tf.GradientTape() as tape:
        result = function()

    def backward(cotangents):
        return tape.gradient(result, variables, output_gradients=cotangents)

    return result, backward


def enable_determinism():
    """Makes every later operation give the same bits on every run."""
    tf.config.experimental.enable_op_determinism()
