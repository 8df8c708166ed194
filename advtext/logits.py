"""Finding out whether a model gives logits, and whether a loss takes them."""

import inspect

import keras
import numpy as np

from advtext.backend import at_least_float32
from advtext.quoting import quoted

_PRECISE = "float32", "float64"
WAY_OUT = (
    "Of a trained model take the last activation away: model.pop() where it is "
    "a layer by itself, or model.layers[-1].activation = None; and compile it "
    "with from_logits=True."
)
# Layers that hand on probabilities as they are, or their mean.
_HARMLESS = {
    *("AlphaDropout", "Average", "Cast", "Concatenate", "Cropping1D"),
    *("Dropout", "ExpandDims", "Flatten", "GaussianDropout", "GetItem"),
    *("Identity", "Permute", "Reshape", "SpatialDropout1D", "Squeeze"),
}


def check_logits(logits, num_examples=None):
    """Raises `ValueError` unless `logits` is shaped like logits.

    Args:
        logits: What a model gave.
        num_examples: How many rows there must be, where that is known.
    """
    wanted = (
        "A classifier must give logits of shape (batch, num_classes) or "
        "(batch, 1)."
    )
    if not hasattr(logits, "shape"):
        raise ValueError(f"{wanted} Received: {type(logits).__name__}.")
    if len(logits.shape) != 2:
        raise ValueError(f"{wanted} Received: shape {tuple(logits.shape)}.")
    if num_examples is not None and logits.shape[0] != num_examples:
        raise ValueError(
            f"A classifier must give a row of logits for each of "
            f"{num_examples} examples. Received: shape {tuple(logits.shape)}."
        )


def check_finite(logits):
    """Raises `ValueError` if logits are NaN or infinite."""
    if not np.all(np.isfinite(np.asarray(at_least_float32(logits)))):
        raise ValueError(
            "The model gives NaN or infinite logits. Are its weights and the "
            "inputs finite, and scaled as in training?"
        )


def look_like_probabilities(logits):
    """Returns whether all of a model's values are from 0 to 1."""
    values = np.asarray(at_least_float32(logits))
    return bool(np.all((values >= 0) & (values <= 1)))


def check_keras_3(model):
    """Raises `TypeError` if a model is of Keras 2."""
    for kind in type(model).__mro__:
        if kind.__module__.split(".")[0] == "tf_keras":
            raise TypeError(
                f"The model is of Keras 2 ({kind.__module__}); advtext takes "
                "models of Keras 3. Build it with `import keras`, and give it "
                "the weights: new.set_weights(old.get_weights())."
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
            f"is sure. Take the model without its last softmax. {WAY_OUT}"
        )


def check_activation(model):
    """Raises `ValueError` if a Keras model is seen to give probabilities.

    Looks at the activations of the last layers, behind what hands them on;
    other callables pass.
    """
    check_keras_3(model)
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
                f"activation=None and train with from_logits=True. {WAY_OUT} "
                "(Of a subclassed model the layer made last is taken for the "
                "last: make it after the others.)"
            )


def _last_layers(model):
    """Returns the layers that give a model's outputs, as far as is known."""
    if not isinstance(model, keras.Model) or not model.layers:
        return [model]
    # An output knows where it is from; layers are in another order.
    outputs = keras.tree.flatten(getattr(model, "outputs", None) or [])
    layers = [layer for output in outputs for layer in _sources(output)]
    if not layers and isinstance(model, keras.Sequential):
        # Not built yet, but its layers follow each other.
        layers = [each for each in model.layers if not _is_harmless(each)]
    return [
        last
        for layer in (layers if outputs else (layers or model.layers)[-1:])
        for last in _last_layers(layer)
    ]


def _sources(tensor):
    """Returns the layers that a tensor's values are from."""
    layer, node, _ = tensor._keras_history
    if not _is_harmless(layer):
        return [layer]
    before = layer._inbound_nodes[node].input_tensors
    return [source for each in before for source in _sources(each)]


def _is_harmless(layer):
    """Returns whether a layer leaves probabilities what they are."""
    if type(layer).__name__ == "Activation":
        return layer.activation is keras.activations.linear
    return type(layer).__name__ in _HARMLESS


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
            f"Received: loss={quoted(loss)}."
        )
