import keras

from advtext.models.classifier import Classifier
from advtext.quoting import quoted


@keras.saving.register_keras_serializable("advtext")
class SequentialClassifier(Classifier):
    """A stack of layers as a classifier, perturbed at one place in it.

    Args:
        layers: List of Keras layers; the last one gives logits. A `keras.Input`
            is left out: the first call tells the shape.
        num_embedding_layers: Layers before the perturbed place. 0 perturbs the
            input itself, as for images; 1 what the first layer gives.

    Call arguments:
        inputs: Float tensor `(batch, ...)`, as the first layer takes it.

    Raises:
        ValueError: If there is no layer behind the perturbed place.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from advtext.models import SequentialClassifier
    >>> classifier = SequentialClassifier(
    ...     [keras.layers.Flatten(), keras.layers.Dense(10)])
    >>> tuple(classifier(np.zeros((2, 28, 28, 1), "float32")).shape)
    (2, 10)
    """

    def __init__(self, layers, num_embedding_layers=0, **kwargs):
        super().__init__(**kwargs)
        layers = _checked(layers)
        places = range(len(layers))
        if (
            type(num_embedding_layers) is not int
            or num_embedding_layers not in places
        ):
            raise ValueError(
                "`num_embedding_layers` must be an integer >= 0 and below the "
                f"number of layers, {len(layers)}. Received: "
                f"num_embedding_layers={quoted(num_embedding_layers)}."
            )
        self.num_embedding_layers = num_embedding_layers
        self.embedder = keras.Sequential(layers[:num_embedding_layers])
        self.head = keras.Sequential(layers[num_embedding_layers:])

    def build(self, input_shape):
        if self.num_embedding_layers:
            self.embedder.build(input_shape)
            input_shape = self.embedder.output_shape
        self.head.build(input_shape)

    def embed(self, inputs, training=False):
        # One by one: a stack would cast token ids to half precision.
        for layer in self.embedder.layers:
            inputs = layer(inputs, training=training)
        return inputs

    def compute_mask(self, inputs, previous_mask=None):
        """Returns the mask that the layers before the place make, if any."""
        layers, mask = self.embedder.layers, None
        for number, layer in enumerate(layers[: self.num_embedding_layers]):
            if type(layer).compute_mask is not keras.layers.Layer.compute_mask:
                reached = inputs
                for before in layers[:number]:
                    reached = before(reached, training=False)
                mask = layer.compute_mask(reached, mask)
            elif not layer.supports_masking:
                mask = None
        return mask

    def classify(self, embedded, mask=None, training=False):
        if mask is None:
            return self.head(embedded, training=training)
        # Keras would warn that the stack as a whole does not hand it on.
        return self.head.call(embedded, training=training, mask=mask)

    def get_config(self):
        return {
            **super().get_config(),
            "layers": [
                keras.saving.serialize_keras_object(layer)
                for layer in (*self.embedder.layers, *self.head.layers)
            ],
            "num_embedding_layers": self.num_embedding_layers,
        }

    @classmethod
    def from_config(cls, config):
        layers = map(keras.saving.deserialize_keras_object, config["layers"])
        return cls(**{**config, "layers": layers})


def _checked(layers):
    """Returns a list of layers, inputs left out, or raises `TypeError`."""
    try:
        layers = [layer for layer in layers if not _is_input(layer)]
    except (TypeError, NotImplementedError):
        layers = [layers]
    for layer in layers:
        if not isinstance(layer, keras.Layer):
            raise TypeError(
                "`layers` must be a list of Keras layers. Received: "
                f"{quoted(layer)}."
            )
    return layers


def _is_input(layer):
    return keras.backend.is_keras_tensor(layer) or isinstance(
        layer, keras.layers.InputLayer
    )
