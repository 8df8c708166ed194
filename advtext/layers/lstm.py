import contextlib

import keras
from keras import ops

from advtext import backend
from advtext.arguments import check_count, check_share


@keras.saving.register_keras_serializable("advtext")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM`, faster to train on a CPU.

    The same arguments, weights and results. Without a mask, dropout inside the
    layer, or activations other than the standard ones, a CPU runs the loop of
    `advtext.backend`, and with JAX a GPU does; all else is left to Keras (and
    so a GPU with TensorFlow to cuDNN). `use_cudnn=True` takes cuDNN with JAX,
    too: 1.5 to 1.8 times as fast as a loop, but classifiers that were trained
    by it computed something else afterwards. On TensorFlow our loop has no
    second-order gradients: they raise an error.

    Args:
        units: Units, at least 1.
        *args: The other arguments of `keras.layers.LSTM`.
        weight_dropout: Share of the recurrent weights that is left out in
            training (DropConnect), in [0, 1); one mask a call, for all rows
            and steps, so that the fast loops still run.
        seed: Integer seed of what is dropped, or `None`.
        **kwargs: The other arguments of `keras.layers.LSTM`.

    Input shape:
        `(batch, time, dim)`
    Output shape:
        `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Example:

    >>> import numpy as np
    >>> from advtext.layers import LSTM
    >>> tuple(LSTM(4, return_sequences=True)(np.ones((2, 3, 5))).shape)
    (2, 3, 4)

    Reference:
        - [Hochreiter and Schmidhuber, 1997](
          https://doi.org/10.1162/neco.1997.9.8.1735)
        - [Merity et al., 2018](https://arxiv.org/abs/1708.02182), section 2,
          for `weight_dropout`
    """

    def __init__(self, units, *args, weight_dropout=0.0, **kwargs):
        super().__init__(check_count("units", units), *args, **kwargs)
        self.weight_dropout = check_share("weight_dropout", weight_dropout)
        if self.weight_dropout:
            seed = kwargs.get("seed")
            self.weight_seed_generator = keras.random.SeedGenerator(seed)

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if training and self.weight_dropout:
            with self._some_weights_dropped():
                return self._loop(sequences, initial_state, mask, training)
        return self._loop(sequences, initial_state, mask, training)

    @contextlib.contextmanager
    def _some_weights_dropped(self):
        """Makes a part of the recurrent weights 0, the others larger."""
        # Past Keras' own `__setattr__`: no weight is added to the layer.
        attributes = vars(self.cell)
        weights = attributes["recurrent_kernel"]
        attributes["recurrent_kernel"] = keras.random.dropout(
            ops.convert_to_tensor(weights),
            self.weight_dropout,
            seed=self.weight_seed_generator,
        )
        try:
            yield
        finally:
            attributes["recurrent_kernel"] = weights

    def _loop(self, sequences, initial_state, mask, training):
        if not self._runs_here(mask):
            return super().inner_loop(
                sequences, initial_state, mask, training=training
            )
        if self.go_backwards:
            sequences = ops.flip(sequences, axis=1)
        outputs, h, c = backend.lstm(
            sequences,
            *initial_state,
            *self._weights_as(sequences.dtype),
            training=training,
        )
        return h, outputs, [h, c]

    def pooled(self, vectors, indices, lengths, poolings):
        """Reads sequences of rows of a table, and pools the outputs.

        To predict with: faster than all the outputs, the fewer of the rows
        are distinct.

        Args:
            vectors: The table, `(count, dim)`.
            indices: Rows of it, int32 `(batch, time)`.
            lengths: How many steps are real, int32 `(batch,)`, at least 1.
            poolings: Tuple of `"last"`, `"max"`, `"mean"`.

        Returns:
            List of `(batch, units)`, one for each pooling.

        Raises:
            ValueError: Unless the layer `pools`.
        """
        if not self.pools():
            raise ValueError(
                "`pooled` is for TensorFlow on a CPU, and for an LSTM of the "
                "standard options that reads forwards from zeros: call the "
                "layer with `return_sequences=True` and pool its outputs."
            )
        weights = self._weights_as(vectors.dtype)
        return backend.pooled_lstm(
            vectors, indices, lengths, *weights, poolings
        )

    def pools(self):
        """Returns whether there is `pooled`."""
        return (
            not backend.STEPS_ARE_COMPILED
            and not self.go_backwards
            and not self.stateful
            and self._runs_here(None)
        )

    def _weights_as(self, dtype):
        cell = self.cell
        weights = cell.kernel, cell.recurrent_kernel, cell.bias
        return [ops.cast(weight, dtype) for weight in weights]

    def _runs_here(self, mask):
        cell = self.cell
        return (
            mask is None
            and not self.unroll
            and not cell.dropout
            and not cell.recurrent_dropout
            and cell.use_bias
            and cell.activation is keras.activations.tanh
            and cell.recurrent_activation is keras.activations.sigmoid
            and not self._left_to_cudnn()
        )

    def _left_to_cudnn(self):
        # cuDNN's loop cannot be divided among devices by a compiler.
        wanted = self.use_cudnn is True or not backend.STEPS_ARE_COMPILED
        alone = not backend.parallel.is_sharded()
        return wanted and alone and backend.has_gpu()

    def get_config(self):
        return {**super().get_config(), "weight_dropout": self.weight_dropout}
