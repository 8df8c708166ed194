import math
import numbers

import keras
from keras import ops

from advtext.attacks.norms import check_norm
from advtext.losses import (
    check_activation,
    check_logits,
    prediction,
    sum_cross_entropy,
)


class Attack:
    """Base of the attacks: a small perturbation that raises a loss.

    A subclass overrides `perturbation`.

    Args:
        epsilon: Length of the perturbation per example, at least 0, in the
            units of the input (of the embedded text, or of pixels).
        norm: `"l1"`, `"l2"` or `"linf"`, over all axes but the first.
        targeted: Whether `y` is a class to move towards.
        value_range: `(lowest, highest)` values of a valid input, or `None`.
        seed: Integer seed of the attack's random numbers, or `None`.

    Raises:
        ValueError: If an argument is out of its range.
    """

    def __init__(
        self,
        epsilon,
        norm="l2",
        targeted=False,
        value_range=None,
        seed=None,
    ):
        check_norm(norm)
        self.epsilon = check_length("epsilon", epsilon)
        self.norm = norm
        self.targeted = bool(targeted)
        self.value_range = check_value_range(value_range)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def perturbation(self, loss_fn, x, mask=None, gradient=None):
        """Computes the perturbation of a batch.

        Args:
            loss_fn: Function from a tensor like `x` to a scalar to be raised
                (lowered when `targeted`).
            x: Float tensor `(batch, ...)`.
            mask: Optional boolean tensor over the first axes of `x`; nothing
                is added where it is False.
            gradient: The gradient of `loss_fn` at `x`, where it is known.

        Returns:
            Tensor shaped like `x`, cut off from every gradient.
        """
        raise NotImplementedError

    def __call__(self, model, x, y=None):
        """Returns adversarial examples.

        Args:
            model: Keras model or function from `x` to logits, run in
                inference mode.
            x: Float array `(batch, ...)`.
            y: Labels, `(batch,)` integers or one-hot `(batch, num_classes)`;
                the classes to reach when `targeted`. `None` takes the model's
                own prediction.

        Returns:
            Tensor shaped like `x`.

        Raises:
            TypeError: If `x` does not hold floating-point numbers.
            ValueError: If the model gives probabilities.
        """
        x = ops.convert_to_tensor(x)
        if "float" not in keras.backend.standardize_dtype(x.dtype):
            raise TypeError(
                "Only floating-point inputs can be perturbed. Received: "
                f"dtype {keras.backend.standardize_dtype(x.dtype)}. For token "
                "ids perturb what the classifier embeds: attack("
                "classifier.classify, classifier.embed(token_ids), y)."
            )
        check_activation(model)
        logits_fn = inference(model)
        if y is None:
            if self.targeted:
                raise ValueError("A targeted attack needs `y`.")
            logits = logits_fn(x)
            check_logits(logits)
            y = prediction(logits)

        def loss_fn(x):
            logits = logits_fn(x)
            check_logits(logits)
            return sum_cross_entropy(y, logits)

        adversarial = x + self.perturbation(loss_fn, x)
        if self.value_range is not None:
            adversarial = ops.clip(adversarial, *self.value_range)
        return adversarial


def inference(model):
    """Returns `model` as a function that runs in inference mode."""
    if isinstance(model, keras.Layer):
        return lambda x: model(x, training=False)
    return model


def masked(x, mask):
    """Zeroes `x` where `mask`, over its first axes, is False."""
    if mask is None:
        return x
    mask = ops.cast(mask, x.dtype)
    extra = len(x.shape) - len(mask.shape)
    return x * ops.reshape(mask, tuple(ops.shape(mask)) + (1,) * extra)


def check_length(name, value):
    """Returns a length as a float, or raises `ValueError`."""
    if (
        isinstance(value, bool)
        or not isinstance(value, numbers.Real)
        or not math.isfinite(value)
        or value < 0
    ):
        raise ValueError(
            f"`{name}` must be a finite number of at least 0. "
            f"Received: {name}={value!r}."
        )
    return float(value)


def check_value_range(value_range):
    """Returns `(lowest, highest)` or `None`, or raises `ValueError`."""
    if value_range is None:
        return None
    lowest, highest = value_range
    if not lowest < highest:
        raise ValueError(
            "`value_range` must be (lowest, highest) with lowest < highest. "
            f"Received: value_range={value_range!r}."
        )
    return float(lowest), float(highest)
