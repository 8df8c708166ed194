import keras
from keras import ops

from advtext.arguments import check_count, check_initializer, check_truth

# A unit that is met exactly has a logit of 16.
_NEAREST = 1e-7


@keras.saving.register_keras_serializable("advtext")
class RBF(keras.layers.Layer):
    """Radial basis functions: units that are sure only near their centre.

    Unit `k` is `exp(-sum_i precision[i, k] * (x[i] - center[i, k]) ** 2)`: 1 at
    its centre, 0 far from it in every direction. As the output of a classifier
    its value is the probability of a class, regardless of the others; with
    `return_logits` the layer gives the logits of these probabilities, to train
    with a binary cross-entropy.

    Args:
        units: Number of units, at least 1.
        return_logits: Whether to return logits, whose sigmoid is the value.
        center_initializer: Initializer of the centres.
        precision_initializer: Initializer of the precisions, which stay at
            least 0; by default values of the order of 1 in all inputs together.

    Input shape:
        `(batch, dim)`
    Output shape:
        `(batch, units)`: in [0, 1], or any numbers with `return_logits`.

    Raises:
        ValueError: If `units` is no positive integer.

    Example:

    >>> import numpy as np
    >>> from advtext.layers import RBF
    >>> layer = RBF(1, center_initializer="zeros", precision_initializer="ones")
    >>> round(float(layer(np.array([[0.6, 0.8]]))[0, 0]), 4)
    0.3679

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 7
    """

    def __init__(
        self,
        units,
        return_logits=False,
        center_initializer="random_uniform",
        precision_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = check_count("units", units)
        self.return_logits = check_truth("return_logits", return_logits)
        self.center_initializer = check_initializer(
            "center_initializer", center_initializer
        )
        self.precision_initializer = check_initializer(
            "precision_initializer", precision_initializer
        )

    def build(self, input_shape):
        shape = (input_shape[-1], self.units)
        self.center = self.add_weight(
            shape, self.center_initializer, name="center"
        )
        self.precision = self.add_weight(
            shape,
            self.precision_initializer
            or keras.initializers.Constant(1.0 / input_shape[-1]),
            constraint="non_neg",
            name="precision",
        )

    def call(self, inputs):
        distance = self._distance(inputs)
        if not self.return_logits:
            return ops.exp(-distance)
        # The logit of p = exp(-q) is log(p / (1 - p)) = -q - log(1 - exp(-q)).
        distance = ops.maximum(distance, _NEAREST)
        return -distance - ops.log(-ops.expm1(-distance))

    def _distance(self, inputs):
        """Returns the exponents, by products that need no third axis."""
        precision = ops.cast(self.precision, inputs.dtype)
        weighted = precision * ops.cast(self.center, inputs.dtype)
        distance = (
            ops.matmul(ops.square(inputs), precision)
            - 2.0 * ops.matmul(inputs, weighted)
            + ops.sum(weighted * self.center, axis=0)
        )
        return ops.maximum(distance, 0.0)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "return_logits": self.return_logits,
            "center_initializer": keras.initializers.serialize(
                self.center_initializer
            ),
            "precision_initializer": self.precision_initializer
            and keras.initializers.serialize(self.precision_initializer),
        }
