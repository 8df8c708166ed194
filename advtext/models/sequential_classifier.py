import keras

from advtext.models.classifier import Classifier


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
        layers = [layer for layer in layers if not _is_input(layer)]
        places = range(len(layers))
        if (
            type(num_embedding_layers) is not int
            or num_embedding_layers not in places
        ):
            raise ValueError(
                "`num_embedding_layers` must be an integer >= 0 and below the "
                f"number of layers, {len(layers)}. Received: "
                f"num_embedding_layers={num_embedding_layers!r}."
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
        if not self.num_embedding_layers:
            return inputs
        return self.embedder(inputs, training=training)

    def classify(self, embedded, mask=None, training=False):
        return self.head(embedded, training=training)

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


def _is_input(layer):
    return keras.backend.is_keras_tensor(layer) or isinstance(
        layer, keras.layers.InputLayer
    )
