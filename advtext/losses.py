"""What a batch of logits means: predictions, cross-entropy, divergence.

Logits are `(batch, num_classes)`, or `(batch, 1)` for two classes. Losses are
in nats.
"""

import inspect

import keras
from keras import ops

from advtext.backend import at_least_float32


def kl_divergence_from_logits(clean_logits, perturbed_logits):
    """Kullback-Leibler divergence of a prediction from a reference one.

    Args:
        clean_logits: The reference p, `(batch, num_classes)` or `(batch, 1)`.
        perturbed_logits: The prediction q, of the same shape.

    Returns:
        KL(p || q) per example, `(batch,)`; exactly 0 for equal logits.

    Raises:
        ValueError: If the shapes differ.

    Example:

    >>> import numpy as np
    >>> from advtext.losses import kl_divergence_from_logits
    >>> p, q = np.array([[0.0]]), np.array([[np.log(3.0)]])
    >>> round(float(kl_divergence_from_logits(p, q)[0]), 4)
    0.1438
    """
    clean_logits = at_least_float32(clean_logits)
    perturbed_logits = at_least_float32(perturbed_logits)
    if clean_logits.shape[-1] != perturbed_logits.shape[-1]:
        raise ValueError(
            "Both predictions must have the same number of logits. Received: "
            f"clean_logits.shape={tuple(clean_logits.shape)}, "
            f"perturbed_logits.shape={tuple(perturbed_logits.shape)}."
        )
    difference = clean_logits - perturbed_logits
    if clean_logits.shape[-1] == 1:
        divergence = (
            ops.sigmoid(clean_logits) * difference
            - ops.softplus(clean_logits)
            + ops.softplus(perturbed_logits)
        )
        return ops.squeeze(divergence, axis=-1)
    expected = ops.sum(ops.softmax(clean_logits) * difference, axis=-1)
    return (
        expected
        - ops.logsumexp(clean_logits, axis=-1)
        + ops.logsumexp(perturbed_logits, axis=-1)
    )


def entropy_from_logits(logits):
    """Entropy of a prediction.

    Args:
        logits: `(batch, num_classes)` or `(batch, 1)`.

    Returns:
        Entropy per example, `(batch,)`, from 0 to log(num_classes).

    Example:

    >>> import numpy as np
    >>> from advtext.losses import entropy_from_logits
    >>> round(float(entropy_from_logits(np.zeros((1, 4)))[0]), 4)
    1.3863
    """
    logits = at_least_float32(logits)
    if logits.shape[-1] == 1:
        entropy = ops.softplus(logits) - ops.sigmoid(logits) * logits
        return ops.squeeze(entropy, axis=-1)
    expected = ops.sum(ops.softmax(logits) * logits, axis=-1)
    return ops.logsumexp(logits, axis=-1) - expected


def check_logits(logits):
    """Raises `ValueError` unless `logits` is shaped like logits."""
    if len(logits.shape) != 2:
        raise ValueError(
            "A classifier must give logits of shape (batch, num_classes) or "
            f"(batch, 1). Received: shape {tuple(logits.shape)}."
        )


def check_activation(model):
    """Raises `ValueError` if a Keras model is seen to give probabilities.

    Looks at the activation of the model's last layer; other callables pass.
    """
    layer = _last_layer(model)
    name = getattr(getattr(layer, "activation", None), "__name__", None)
    if isinstance(layer, keras.layers.Softmax):
        name = "softmax"
    if name in ("softmax", "sigmoid", "log_softmax"):
        raise ValueError(
            f"`{getattr(model, 'name', model)}` ends in {name!r} and gives "
            "probabilities; attacks and terms need logits, or gradients vanish "
            "where the model is sure. Build the last layer with "
            "activation=None and train with from_logits=True."
        )


def _last_layer(model):
    while isinstance(model, keras.Model) and model.layers:
        model = model.layers[-1]
    return model


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


def prediction(logits):
    """Returns the predicted class of every example, `(batch,)` int32."""
    if logits.shape[-1] == 1:
        return ops.cast(ops.squeeze(logits, axis=-1) > 0, "int32")
    return ops.cast(ops.argmax(logits, axis=-1), "int32")


def sum_cross_entropy(y, logits):
    """Cross-entropy of labels, summed over the batch.

    Args:
        y: `(batch,)` or `(batch, 1)` integers, or one-hot
            `(batch, num_classes)`.
        logits: `(batch, num_classes)` or `(batch, 1)`.

    Returns:
        Scalar tensor. A sum, so that no example's gradient depends on how
        many others stand beside it.
    """
    y = ops.convert_to_tensor(y)
    num_logits = logits.shape[-1]
    if num_logits == 1:
        y = ops.reshape(ops.cast(y, logits.dtype), (-1, 1))
        losses = ops.binary_crossentropy(y, logits, from_logits=True)
    elif len(y.shape) == 2 and y.shape[-1] == num_logits:
        y = ops.cast(y, logits.dtype)
        losses = ops.categorical_crossentropy(y, logits, from_logits=True)
    else:
        y = ops.reshape(y, (-1,))
        losses = ops.sparse_categorical_crossentropy(
            y, logits, from_logits=True
        )
    return ops.sum(losses)
