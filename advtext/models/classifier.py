import functools

import keras


class Classifier(keras.Model):
    """A model in two halves, so that what lies between can be perturbed.

    Override `embed`, `classify` and, where the input is padded,
    `compute_mask`; where `classify` needs more of the input, `given`. The
    model itself gives `classify(embed(x))`: logits, `(batch, num_classes)` or
    `(batch, 1)` for two classes.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from advtext.models import Classifier
    >>> class Linear(Classifier):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.dense = keras.layers.Dense(3)
    ...
    ...     def classify(self, embedded, mask=None, training=False):
    ...         return self.dense(embedded)
    >>> tuple(Linear()(np.zeros((2, 5), "float32")).shape)
    (2, 3)
    """

    # Whether what `given` returns begins at the inputs again, and draws what
    # `embed` has drawn. If not, several batches are embedded at once.
    classifies_from_inputs = False
    # The `keras.InputSpec` of what an exported model takes, where `export` is
    # not told; `None` for what the model has been called with.
    exported_input = None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        # `compute_mask` masks what is embedded; Keras would tie the mask to
        # the logits, and the loss would be masked by it.
        self.supports_masking = False
        # Token ids that come as floats would collide in fewer bits; layers
        # cast what they take themselves.
        self.autocast = False

    def compute_mask(self, inputs, previous_mask=None):
        """Returns which steps are real, `(batch, time)`, or `None` for all."""
        return None

    def embed(self, inputs, training=False):
        """Returns the continuous form of the input; the input by default."""
        return inputs

    def classify(self, embedded, mask=None, training=False):
        """Returns the logits of what `embed` gave."""
        raise NotImplementedError(
            f"{type(self).__name__} must override `classify`."
        )

    def given(self, inputs, mask=None):
        """Returns `classify`, knowing whatever else it needs of the inputs.

        Override it in a model that needs more of its inputs than what it
        embeds and `mask`: a second input that is not to be perturbed.

        Args:
            inputs: What the model takes.
            mask: What `compute_mask` gave for them, where that is known.

        Returns:
            Function `(embedded, training=False)` that gives the logits.
        """
        if mask is None:
            mask = self.compute_mask(inputs)
        return functools.partial(self.classify, mask=mask)

    def export(self, filepath, *args, input_signature=None, **kwargs):
        """Exports the model, as `keras.Model.export` does."""
        if input_signature is None and self.exported_input is not None:
            input_signature = [self.exported_input]
        super().export(
            filepath, *args, input_signature=input_signature, **kwargs
        )

    def call(self, inputs, training=False):
        embedded = self.embed(inputs, training=training)
        return self.given(inputs)(embedded, training=training)
