"""What tests need of a backend that the package itself does not."""

import keras
import numpy as np

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
MODES = ["eager", "jit", *(["graph"] if ON_TENSORFLOW else [])]
# Of results in float64: on JAX, Keras computes some of their parts in float32.
ROUNDING = 1e-12 if ON_TENSORFLOW else 2e-6

if ON_TENSORFLOW:
    import tensorflow as tf
else:
    import jax


def results_and_gradients(function, inputs, weights, mode):
    """Differentiates `(*inputs, *weights) -> (loss, results)` in all of them.

    Args:
        function: The function.
        inputs: List of arrays.
        weights: List of arrays.
        mode: `"eager"`, `"jit"`, or (TensorFlow) `"graph"`, where all axes of
            the inputs but the last are unknown.

    Returns:
        `(results, gradients)`.
    """
    arrays = [keras.ops.convert_to_tensor(a) for a in (*inputs, *weights)]
    if ON_TENSORFLOW:

        def both(*arrays):
            with tf.GradientTape() as tape:
                tape.watch(arrays)
                loss, results = function(*arrays)
            return results, tape.gradient(loss, arrays)

        if mode != "eager":
            unknown = [
                tf.TensorSpec(
                    [None] * (len(a.shape) - 1) + [a.shape[-1]], a.dtype
                )
                for a in inputs
            ]
            known = [tf.TensorSpec(w.shape, w.dtype) for w in weights]
            both = tf.function(
                both,
                jit_compile=mode == "jit",
                input_signature=None if mode == "jit" else unknown + known,
            )
        return both(*arrays)
    gradient = jax.grad(function, tuple(range(len(arrays))), has_aux=True)
    if mode == "jit":
        gradient = jax.jit(gradient)
    gradients, results = gradient(*arrays)
    return results, gradients


def make_two_devices():
    """Divides the CPU into two devices on TensorFlow; to be called first.

    On JAX, `--xla_force_host_platform_device_count=2` in `XLA_FLAGS` does it.
    """
    if ON_TENSORFLOW:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * 2,
        )


def dense(gradient):
    """Returns a gradient, which may be of some rows only, as an array."""
    if ON_TENSORFLOW:
        gradient = tf.convert_to_tensor(gradient)
    return np.asarray(gradient)


def compiled(function, variables):
    """Compiles a function without arguments that reads (and sets) variables."""
    if ON_TENSORFLOW:
        return tf.function(function, autograph=False)

    @jax.jit
    def stateless(values):
        mapping = zip(variables, values, strict=True)
        with keras.StatelessScope(mapping):
            return function()

    return lambda: stateless([v.value for v in variables])
