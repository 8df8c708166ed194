"""What the predictions of an output mean, which its loss tells."""

import dataclasses
from collections.abc import Callable

import keras
from keras import ops

from advtext.backend import at_least_float32
from advtext.losses import entropy_from_logits, kl_divergence_from_logits

# Their labels are classes from 0 on, so that -1 is none.
_CROSS_ENTROPIES = (
    keras.losses.BinaryCrossentropy,
    keras.losses.BinaryFocalCrossentropy,
    keras.losses.CategoricalCrossentropy,
    keras.losses.CategoricalFocalCrossentropy,
    keras.losses.SparseCategoricalCrossentropy,
)
_BINARY = _CROSS_ENTROPIES[:2]
_REGRESSIONS = (
    keras.losses.MeanSquaredError,
    keras.losses.MeanAbsoluteError,
    keras.losses.MeanAbsolutePercentageError,
    keras.losses.MeanSquaredLogarithmicError,
    keras.losses.Huber,
    keras.losses.LogCosh,
    keras.losses.Poisson,
)
_REGRESSION_FUNCTIONS = (
    keras.losses.mean_squared_error,
    keras.losses.mean_absolute_error,
    keras.losses.mean_absolute_percentage_error,
    keras.losses.mean_squared_logarithmic_error,
    keras.losses.huber,
    keras.losses.log_cosh,
    keras.losses.poisson,
)


@dataclasses.dataclass(frozen=True)
class Head:
    """How predictions of an output are compared, and how sure they are.

    Attributes:
        name: `"classes"`, `"labels"` or `"values"`.
        divergence: Function `(clean, perturbed)` to `(batch,)`, at least 0.
        entropy: Function from logits to `(batch,)`; `None` of values.
    """

    name: str
    divergence: Callable
    entropy: Callable | None


def _sum_of_labels(function):
    """Makes a function of one logit one of several independent ones."""

    def summed(*logits):
        each = function(*(ops.expand_dims(z, -1) for z in logits))
        return ops.sum(each, axis=-1)

    return summed


def mean_squared_difference(clean, perturbed):
    """Returns the mean over each example's values, `(batch,)`."""
    difference = at_least_float32(clean) - at_least_float32(perturbed)
    return ops.mean(
        ops.square(difference), axis=tuple(range(1, len(difference.shape)))
    )


CLASSES = Head("classes", kl_divergence_from_logits, entropy_from_logits)
LABELS = Head(
    "labels",
    _sum_of_labels(kl_divergence_from_logits),
    _sum_of_labels(entropy_from_logits),
)
VALUES = Head("values", mean_squared_difference, None)


def head_of(loss):
    """Returns the head that a Keras loss belongs to.

    Args:
        loss: Keras loss, its name, or a function; of functions of one's own
            the predictions are taken for classes.
    """
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if isinstance(loss, _REGRESSIONS) or loss in _REGRESSION_FUNCTIONS:
        return VALUES
    return LABELS if isinstance(loss, _BINARY) else CLASSES


def knows_no_label(loss):
    """Returns whether -1 can only mean, to a loss, that there is no label."""
    return isinstance(loss, _CROSS_ENTROPIES)
