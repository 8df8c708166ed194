"""What a batch of logits means: predictions, cross-entropy, divergence.

Logits: `(batch, num_classes)`, `(batch, 1)` for two classes. Losses: in nats.
"""

from keras import ops

from advtext.arguments import check_count, check_dtype
from advtext.backend import at_least_float32 as at_least_float32
from advtext.logits import check_logits
from advtext.loss_arguments import (
    as_labels,
    as_logits,
    as_tensor,
    check_alike,
)

# Far below every logit.
_NEVER = 1e9
# From here on, about log(2^24), 1 - exp(-margin) is 1 in float32.
_SURE = 16.6


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
    clean_logits = as_logits("clean_logits", clean_logits)
    perturbed_logits = as_logits("perturbed_logits", perturbed_logits)
    check_alike(clean_logits, perturbed_logits)
    divergence = _of_two if clean_logits.shape[-1] == 1 else _of_classes
    return divergence(clean_logits, perturbed_logits)


# Gradients are exactly 0 for equal logits; what rounds to below 0 is 0.


@ops.custom_gradient
def _of_two(clean, perturbed):
    reference, difference = ops.sigmoid(clean), clean - perturbed
    divergence = reference * difference
    divergence += ops.softplus(perturbed) - ops.softplus(clean)

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        upstream = ops.expand_dims(upstream, -1)
        return (
            upstream * reference * (1.0 - reference) * difference,
            upstream * (ops.sigmoid(perturbed) - reference),
        )

    divergence = ops.maximum(ops.squeeze(divergence, axis=-1), 0.0)
    return divergence, gradient


@ops.custom_gradient
def _of_classes(clean, perturbed):
    reference, difference = ops.softmax(clean), clean - perturbed
    expected = ops.sum(reference * difference, axis=-1, keepdims=True)
    divergence = (
        ops.squeeze(expected, axis=-1)
        - ops.logsumexp(clean, axis=-1)
        + ops.logsumexp(perturbed, axis=-1)
    )

    def gradient(*args, upstream=None):
        upstream = args[0] if upstream is None else upstream
        upstream = ops.expand_dims(upstream, -1)
        return (
            upstream * reference * (difference - expected),
            upstream * (ops.softmax(perturbed) - reference),
        )

    return ops.maximum(divergence, 0.0), gradient


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
    logits = as_logits("logits", logits)
    if logits.shape[-1] == 1:
        entropy = ops.softplus(logits) - ops.sigmoid(logits) * logits
        return ops.squeeze(entropy, axis=-1)
    expected = ops.sum(ops.softmax(logits) * logits, axis=-1)
    return ops.logsumexp(logits, axis=-1) - expected


def prediction(logits):
    """Returns the predicted class of every example, `(batch,)` int32."""
    logits = as_logits("logits", logits)
    if logits.shape[-1] == 1:
        return ops.cast(ops.squeeze(logits, axis=-1) > 0, "int32")
    return ops.cast(ops.argmax(logits, axis=-1), "int32")


def least_likely(logits):
    """Returns the class held least likely, `(batch,)` int32."""
    logits = as_logits("logits", logits)
    if logits.shape[-1] == 1:
        return 1 - prediction(logits)
    return ops.cast(ops.argmin(logits, axis=-1), "int32")


def as_one_hot(y, num_classes, dtype="float32"):
    """Returns labels as one-hot rows `(batch, num_classes)`.

    Args:
        y: `(batch,)` or `(batch, 1)` integers, or one-hot rows already.
        num_classes: Number of classes, at least 2.
        dtype: Type of the result.
    """
    num_classes = check_count("num_classes", num_classes)
    dtype = check_dtype("dtype", dtype)
    y = as_tensor(y)
    if len(y.shape) != 2 or y.shape[-1] != num_classes:
        y = ops.cast(ops.reshape(y, (-1,)), "int32")
        y = ops.one_hot(y, num_classes)
    return ops.cast(y, dtype)


def independent_cross_entropy(y, logits):
    """Cross-entropy of classes that are each predicted by themselves.

    The loss of networks whose logits are of independent classes, to train
    them and, as the `loss` of an attack, to attack them.

    Args:
        y: `(batch,)` or `(batch, 1)` integers, or probabilities
            `(batch, num_classes)`, such as one-hot rows.
        logits: `(batch, num_classes)`, of two or more classes.

    Returns:
        The sum of the classes' binary cross-entropies, `(batch,)`.

    Example:

    >>> import numpy as np
    >>> from advtext.losses import independent_cross_entropy
    >>> losses = independent_cross_entropy(np.array([1]), np.zeros((1, 2)))
    >>> round(float(losses[0]), 4)
    1.3863
    """
    logits = as_logits("logits", logits)
    check_logits(logits)
    y = as_labels(y, logits)
    y = as_one_hot(y, logits.shape[-1], logits.dtype)
    return ops.sum(ops.softplus(logits) - y * logits, axis=-1)


def cross_entropy(y, logits):
    """Cross-entropy of labels, per example.

    Its gradient keeps its direction however sure the model is: where the
    probability of the label would round to 1, nothing is computed from it.

    Args:
        y: `(batch,)` or `(batch, 1)` integers, or one-hot
            `(batch, num_classes)`.
        logits: `(batch, num_classes)` or `(batch, 1)`.

    Returns:
        Losses `(batch,)`, at least float32.
    """
    logits = as_logits("logits", logits)
    check_logits(logits)
    y = as_labels(y, logits)
    num_logits = logits.shape[-1]
    if num_logits == 1:
        positive = ops.reshape(ops.cast(y, "bool"), (-1,))
        logit = ops.squeeze(logits, axis=-1)
        return ops.softplus(ops.where(positive, -logit, logit))
    one_hot = as_one_hot(y, num_logits, logits.dtype)
    right = ops.sum(one_hot * logits, axis=-1)
    others = ops.logsumexp(logits - _NEVER * one_hot, axis=-1)
    losses = ops.categorical_crossentropy(one_hot, logits, from_logits=True)
    sure = right - others > _SURE
    return ops.where(sure, ops.softplus(others - right), losses)
