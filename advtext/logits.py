"""Finding out whether a model gives logits, and whether a loss takes them."""

import inspect

import keras
import numpy as np

from advtext.backend import at_least_float32

_PRECISE = "float32", "float64"


def check_logits(logits):
    """Raises `ValueError` unless `logits` is shaped like logits."""
    if len(logits.shape) != 2:
        raise ValueError(
            "A classifier must give logits of shape (batch, num_classes) or "
            f"(batch, 1). Received: shape {tuple(logits.shape)}."
        )


def check_not_softmax(logits):
    """Raises `ValueError` if values look like probabilities of classes."""
    half = keras.backend.standardize_dtype(logits.dtype) not in _PRECISE
    values = np.asarray(at_least_float32(logits))
    sums = np.sum(values, axis=-1)
    if (
        values.shape[-1] > 1
        and np.all(values >= 0)
        and np.all(np.abs(sums - 1.0) < (2e-2 if half else 1e-3))
    ):
        raise ValueError(
            "The model gives probabilities (every row is positive and adds up "
            "to 1); attacks need logits, or gradients vanish where the model "
            "is sure. Take the model without its last softmax."
        )


def check_activation(model):
    """Raises `ValueError` if a Keras model is seen to give probabilities.

    Looks at the activations of the last layers; other callables pass.
    """
    for layer in _last_layers(model):
        name = getattr(getattr(layer, "activation", None), "__name__", None)
        if isinstance(layer, keras.Operation) and name is None:
            # A layer `Softmax`, or `keras.ops.softmax` at the end.
            name = {"Softmax": "softmax", "Sigmoid": "sigmoid"}.get(
                type(layer).__name__
            )
        if name in ("softmax", "sigmoid", "log_softmax"):
            raise ValueError(
                f"`{getattr(model, 'name', model)}` ends in {name!r} and gives "
                "probabilities; attacks and terms need logits, or gradients "
                "vanish where the model is sure. Build the last layer with "
                "activation=None and train with from_logits=True. (Of a "
                "subclassed model the layer made last is taken for the last: "
                "make it after the others.)"
            )


def _last_layers(model):
    """Returns the layers that give a model's outputs, as far as is known."""
    if not isinstance(model, keras.Model) or not model.layers:
        return [model]
    # An output knows where it is from; layers are in another order.
    outputs = keras.tree.flatten(getattr(model, "outputs", None) or [])
    layers = [output._keras_history.operation for output in outputs]
    return [
        last
        for layer in layers or model.layers[-1:]
        for last in _last_layers(layer)
    ]


def check_from_logits(loss):
    """Raises `ValueError` if a Keras loss expects probabilities.

    Args:
        loss: What is passed to `compile`. Functions of one's own pass.
    """
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    from_logits = getattr(loss, "from_logits", None)
    if from_logits is None and inspect.isfunction(loss):
        parameter = inspect.signature(loss).parameters.get("from_logits")
        from_logits = parameter and parameter.default
    if from_logits is False:
        raise ValueError(
            "The classifier gives logits, but the loss expects probabilities. "
            "Pass a loss with from_logits=True, for example "
            "keras.losses.BinaryCrossentropy(from_logits=True). "
            f"Received: loss={loss!r}."
        )
