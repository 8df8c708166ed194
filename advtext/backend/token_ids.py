"""Functions of token ids, `(batch, time)` of many different shapes."""

import keras

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    def compiled_for_token_ids(function, variables):
        """Compiles a function of token ids.

        Args:
            function: Function of an int32 tensor `(batch, time)`.
            variables: All Keras variables that it reads or assigns.

        Returns:
            The same function, compiled on TensorFlow once, for every shape; on
            JAX once for each.
        """
        token_ids = tf.TensorSpec((None, None), "int32")
        return tf.function(function, [token_ids], autograph=False)
else:
    from advtext.backend.jax import compiled as compiled_for_token_ids

__all__ = ["compiled_for_token_ids"]
