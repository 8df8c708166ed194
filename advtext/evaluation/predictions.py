"""What a model predicts, and how sure it is."""

import keras
import numpy as np
from keras import ops

from advtext import backend
from advtext.arguments import check_count
from advtext.attacks.arguments import as_array, check_model
from advtext.compile_once import CompileOnce
from advtext.evaluation.arguments import check_probabilities
from advtext.logits import (
    check_activation,
    check_finite,
    check_logits,
    check_not_softmax,
)
from advtext.models.token_ids import check_inputs

# The functions compiled for a model: of itself and of its methods.
_COMPILED = CompileOnce()


def logits_function(model):
    """Returns the function from a batch to logits, in inference mode.

    Raises:
        ValueError: If the model is seen to give probabilities.
    """
    check_activation(model)
    if isinstance(model, keras.Model):
        # A callback of `fit` may evaluate the model in training.
        backend.sync_state(model)
    if isinstance(model, keras.Layer):
        return lambda x: model(x, training=False)
    return model


def predict_logits(model, x, batch_size=500):
    """Computes the logits of a model, batch by batch, in inference mode.

    Args:
        model: Keras model, or function from `x` to logits. A model is compiled,
            once per shape; a function is not.
        x: Array `(number, ...)`.
        batch_size: Inputs at a time.

    Returns:
        NumPy array `(number, num_classes)` or `(number, 1)`.

    Raises:
        ValueError: If there are no inputs, or the model gives probabilities,
            something of another shape, NaN or infinite values.

    Example:

    >>> import numpy as np
    >>> from advtext.evaluation import predict_logits
    >>> weights = np.array([[1.0, -1.0]], "float32")
    >>> predict_logits(lambda x: x @ weights, np.array([[3.0]], "float32"))
    array([[ 3., -3.]], dtype=float32)
    """
    check_count("batch_size", batch_size)
    check_model(model)
    x = as_array("x", x)
    if x.dtype.kind in "OSUmM":
        raise TypeError(
            f"`x` must be an array of numbers. Received: dtype {x.dtype}."
        )
    if not x.ndim or not len(x):
        raise ValueError(
            "`x` must hold at least one input, (number, ...). Received: shape "
            f"{x.shape}."
        )
    check_inputs(model, x)
    function, parts = compiled(model), []
    for first in range(0, len(x), batch_size):
        batch = ops.convert_to_tensor(x[first : first + batch_size])
        logits = function(batch)
        check_logits(logits, len(batch))
        parts.append(np.asarray(backend.at_least_float32(logits)))
    logits = np.concatenate(parts)
    check_predicted(logits)
    return logits


def check_predicted(logits):
    """Raises `ValueError` unless all values can be logits, a NumPy array."""
    check_not_softmax(logits)
    check_finite(logits)


def predict(model, x, probabilities="softmax", batch_size=500):
    """Computes the predicted classes and how sure the model is of them.

    Args:
        model: Keras model or function giving logits, as of `predict_logits`.
        x: Array `(number, ...)`.
        probabilities: How logits become probabilities: `"softmax"` or
            `"sigmoid"`. A single logit stands for two classes.
        batch_size: Inputs at a time.

    Returns:
        Two NumPy arrays `(number,)`: the classes, and their probabilities
        (the confidences) in [0, 1].

    Raises:
        ValueError: If an argument is wrong, or as of `predict_logits`.

    Example:

    >>> import numpy as np
    >>> from advtext.evaluation import predict
    >>> x = np.log([[1.0, 3.0], [4.0, 1.0]])
    >>> classes, confidences = predict(lambda x: x, x)
    >>> classes.tolist(), confidences.round(2).tolist()
    ([1, 0], [0.75, 0.8])
    >>> predict(lambda x: x, x, "sigmoid")[1].round(2).tolist()
    [0.75, 0.8]
    """
    check_probabilities(probabilities)
    return predicted(predict_logits(model, x, batch_size), probabilities)


def predicted(logits, probabilities):
    """Returns classes and confidences of logits, a NumPy array."""
    logits = logits.astype("float64")
    if logits.shape[1] == 1:
        logit = logits[:, 0]
        return (logit > 0).astype("int64"), 1 / (1 + np.exp(-np.abs(logit)))
    classes, largest = np.argmax(logits, axis=1), np.max(logits, axis=1)
    if probabilities == "sigmoid":
        return classes, np.exp(-np.logaddexp(0.0, -largest))
    total = np.sum(np.exp(logits - largest[:, None]), axis=1)
    return classes, 1 / total


def compiled(model, spec=None):
    """Returns `logits_function`, compiled if it is of a Keras model.

    Args:
        model: Keras model, or function from a batch to logits.
        spec: `keras.InputSpec` of the batches, where their shapes are many.
    """
    function = logits_function(model)
    owner = getattr(model, "__self__", model)
    if not isinstance(owner, keras.Layer) or not owner.built:
        return function
    name = None if model is owner else model.__name__

    def logits(owner, x):
        found = owner if name is None else getattr(owner, name)
        return logits_function(found)(x)

    return _COMPILED.of(owner).function((name, spec), logits, spec=spec)
