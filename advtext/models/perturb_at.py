import contextlib

import keras
import numpy as np
from keras import ops

from advtext.kept_state import state_kept
from advtext.logits import (
    check_activation,
    check_keras_3,
    check_not_softmax,
)
from advtext.models.find_layer import find_layer
from advtext.models.perturbed_at import PerturbedAt
from advtext.models.places import PlaceError, Places
from advtext.quoting import quoted


def perturb_at(model, layer=None, call=None, mask=None):
    """Returns any Keras model as a classifier, perturbed at one of its layers.

    The model is not cut in two: it runs as always, and only the output of the
    layer is exchanged for a perturbed one. Masks, several inputs, dropout and
    statistics work as in the model itself, which stays as it is: its weights
    are trained, and it is what `save` writes.

    Args:
        model: Built Keras model (functional, sequential or subclassed), of
            one or several inputs and outputs, that gives logits.
        layer: Where to perturb: the layer, its name (`"embedding"`), the path
            to it in a nested model (`"encoder/embedding"`), or `None` for the
            only embedding. A list of them perturbs several layers at once, as
            one vector: `epsilon` is its length over all of them.
        call: Which call of the layer, from 0, where the model calls it more
            than once. In a list give pairs, `[("embedding", 1), ...]`.
        mask: Function from the inputs to booleans over the first axes of what
            the layer puts out, True where it may be perturbed:
            `lambda x: x["padding_mask"]`. By default it is the mask that Keras
            ties to it (`mask_zero=True`), or else everything. Not for a list.

    Returns:
        `PerturbedAt`, an `advtext.models.Classifier`.

    Raises:
        TypeError: If `model` is no Keras model, or `layer` no layer or name.
        ValueError: If the model is not built or gives probabilities, if there
            is no such layer or several, or if its output cannot be perturbed:
            it holds integers or several tensors, or `call` is missing. (Of a
            subclassed model that shows only when it runs.)

    Example:

    >>> import keras
    >>> from advtext import perturb_at
    >>> from advtext.attacks import FastGradient
    >>> from advtext.training import AdversarialLoss, AdversarialTraining
    >>> layers = keras.layers
    >>> model = keras.Sequential([
    ...     keras.Input((None,)), layers.Embedding(100, 8, mask_zero=True),
    ...     layers.LSTM(4), layers.Dense(1)])
    >>> classifier = perturb_at(model)
    >>> training = AdversarialTraining(
    ...     classifier, [AdversarialLoss(FastGradient(epsilon=1.0))])
    """
    check_keras_3(model)
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`model` must be a Keras model. Received: {model!r} of type "
            f"{type(model).__name__}."
        )
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} is not built: its layers do not exist "
            "yet. Call it once on a batch, or give it a keras.Input."
        )
    check_activation(model)
    several = isinstance(layer, list)
    if several and (not layer or call is not None):
        raise ValueError(
            "A list of layers names at least one, with the calls beside them: "
            "[('embedding', 0), ('embedding', 1)]. Received: "
            f"layer={quoted(layer)}, call={quoted(call)}."
        )
    if mask is not None and (several or not callable(mask)):
        raise ValueError(
            "`mask` is a function from the inputs to the mask of the one layer "
            f"that is perturbed. Received: mask={quoted(mask)}, "
            f"layer={quoted(layer)}."
        )
    pairs = [
        each if isinstance(each, tuple) else (each, None)
        for each in (layer if several else [(layer, call)])
    ]
    places = Places([(find_layer(model, each), n) for each, n in pairs])
    classifier = PerturbedAt(model, places, mask)
    _try_out(classifier)
    return classifier


class Trial(keras.layers.Layer):
    """Runs a classifier on shapes alone, and keeps what it complains of."""

    def __init__(self, classifier):
        super().__init__(autocast=False)
        # Not to be tracked as a layer.
        self.run = classifier.run_through
        self.error = None
        self.built = True

    def call(self, inputs):
        try:
            self.run(inputs)
        except PlaceError as error:
            self.error = error
        return ops.zeros(())


def _try_out(classifier):
    """Raises `ValueError` if the place of a functional model is no good."""
    model = classifier.model
    if getattr(model, "inputs", None):
        # A sequential model does not know its input by itself.
        sequential = isinstance(model, keras.Sequential)
        inputs = model.inputs[0] if sequential else model.input
        trial = Trial(classifier)
        shapes = keras.tree.map_structure(
            lambda x: keras.KerasTensor(x.shape, x.dtype), inputs
        )
        # On JAX some models cannot run where a length is unknown.
        with contextlib.suppress(Exception):
            trial(shapes)
        if trial.error is not None:
            raise trial.error
        _look_at_outputs(model, inputs)


def _look_at_outputs(model, inputs):
    """Raises `ValueError` if a model gives probabilities for zeros.

    However they come about: no layer need tell.
    """
    zeros = keras.tree.map_structure(
        lambda x: np.zeros([n or 2 for n in x.shape], x.dtype), inputs
    )
    outputs = []
    # Some models cannot run where lengths are so small.
    with (
        contextlib.suppress(Exception),
        state_kept(model.non_trainable_variables),
    ):
        outputs = keras.tree.flatten(model(zeros, training=False))
    for output in outputs:
        check_not_softmax(output)
