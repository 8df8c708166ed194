"""Losses that layers add while a half of a classifier runs."""

import functools

import keras


class _Half(keras.layers.Layer):
    """Runs a function of a model as Keras runs the model itself.

    Losses of the pass before are forgotten when it begins, those of a layer
    that is called twice are kept, and all layers know that they train, unless
    the model, as in Keras' `fit`, does not tell them.
    """

    def __init__(self, model, function):
        super().__init__(name="half", autocast=False)
        self.model = model
        self.function = function
        self.supports_masking = True
        self.built = True

    def call(self, training=None):
        result = self.function(training=True)
        # Regularization, which comes last, belongs to the step as a whole.
        regularized = sum(
            v.regularizer is not None for v in self.model.trainable_weights
        )
        losses = self.model.losses
        return result, losses[: len(losses) - regularized]


def counted(model, function, inputs):
    """Runs a half of a model in training, and collects the added losses.

    Args:
        model: The model.
        function: Function `(inputs, training)` that runs its layers.
        inputs: What the function takes.

    Returns:
        `(result, losses)`, the second a list of tensors.
    """
    # No argument: Keras would convert it, and tie its mask to the result.
    half = _Half(model, functools.partial(function, inputs))
    tells = getattr(model, "tells_layers_of_training", True)
    return half(training=True if tells else None)
