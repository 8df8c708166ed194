import keras
import numpy as np
from keras import ops

from advtext import backend
from advtext.attacks import arguments
from advtext.kept_state import state_kept
from advtext.logits import (
    WAY_OUT,
    check_activation,
    check_finite,
    check_keras_3,
    check_logits,
    check_not_softmax,
    look_like_probabilities,
)
from advtext.losses import cross_entropy

# Examples on which a model is tried before it is attacked.
_TRIED = 8


class Runner:
    """An attack on a model, compiled if the model is of Keras.

    Args:
        attack: The attack.
        model: The model, a method of one, or another function.
        training: Whether it runs in training mode.

    Raises:
        ValueError: If the model is seen to give probabilities, or a function
            is to run in training mode.
    """

    def __init__(self, attack, model, training):
        arguments.check_model(model)
        # A loss of one's own knows what the model gives.
        self.own_loss = attack.loss is not cross_entropy
        if not self.own_loss:
            check_activation(model)
        check_keras_3(model)
        self.attack = attack
        self.model = model
        owner = getattr(model, "__self__", model)
        self.layer = owner if isinstance(owner, keras.Layer) else None
        if training and not isinstance(model, keras.Layer):
            raise ValueError(
                "`training=True` is for Keras models; a function of your own "
                "decides itself how it runs."
            )
        self.training = training
        self.facts = {}
        self.known = None
        if isinstance(self.layer, keras.Model):
            # A callback of `fit` may attack the model in training.
            backend.sync_state(self.layer)
        self._look()

    def _look(self):
        """Takes up what is known of the model as it is now."""
        if self.layer is not None:
            self.known = self.attack.compiled.of(self.layer)
            self.facts = self.known.facts.setdefault(self._method(), {})

    def logits(self, x, training=None):
        if not isinstance(self.model, keras.Layer):
            return self.model(x)
        training = self.training if training is None else training
        return self.model(x, training=training)

    def examples(self, x, y, mask, epsilon):
        with self._state_kept():
            return self.attack.examples(self.logits, x, y, mask, epsilon)

    def _state_kept(self):
        """Undoes what running in training mode does to the model."""
        return state_kept(self.layer.variables if self.training else ())

    def check_target(self, y):
        """Raises `ValueError` if a targeted attack has no target."""
        if y is None and self.attack.targeted is True:
            raise ValueError(
                "A targeted attack needs `y`, the classes to reach (or "
                "targeted='least_likely')."
            )

    def checked_labels(self, x, y):
        """Returns the labels of a batch as a tensor, or `None`.

        Raises:
            ValueError: If they are wrong, or missing for a targeted attack.
        """
        looks = y is None or not self.own_loss
        if looks and "num_logits" not in self.facts:
            num_logits = self._num_logits(x)
            # Keras may have noted in the model that it was called.
            self._look()
            self.facts["num_logits"] = num_logits
        self.check_target(y)
        if y is None:
            return None
        if self.own_loss:
            return arguments.check_own_labels(y, len(x), x.dtype)
        y = arguments.check_labels(y, len(x), self.facts["num_logits"])
        return ops.convert_to_tensor(y)

    def _method(self):
        """Returns the name of the method that is attacked, or `None`."""
        return None if self.model is self.layer else self.model.__name__

    def __call__(self, x, y, mask, epsilon):
        dtype = keras.backend.result_type(x.dtype, "float32")
        epsilon = ops.cast(epsilon, dtype)
        found = self._compiled()(x, y, mask, epsilon)
        self._check_moved(x, y, epsilon, found)
        return found

    def _num_logits(self, x):
        """Returns the number of logits of an example.

        Raises:
            ValueError: If they are none, or probabilities.
        """
        tried = x if _has_fixed_batch(self.layer) else x[:_TRIED]
        logits = self.logits(tried, training=False)
        check_logits(logits, len(tried))
        check_not_softmax(logits)
        check_finite(logits)
        return logits.shape[-1]

    def _compiled(self):
        """Returns `examples`, compiled once for a model."""
        if self.layer is None:
            return self.examples
        attack, training = self.attack, self.training
        name = self._method()

        def examples(layer, *args):
            model = layer if name is None else getattr(layer, name)
            return Runner(attack, model, training).examples(*args)

        seeds = [generator.state for generator in attack.seed_generators]
        return self.known.function((name, training), examples, seeds)

    def _check_moved(self, x, y, epsilon, found):
        """Tells why an attack changed nothing at all."""
        if (
            not self.attack.num_steps
            # Most often the first example tells.
            or np.any(np.asarray(found[0]) != np.asarray(x[0]))
            or np.any(np.asarray(found) != np.asarray(x))
            or not np.any(np.asarray(epsilon))
        ):
            return
        with self._state_kept():
            y = self.attack.labels(self.logits, x, y)
            gradient = backend.input_gradient(
                lambda z: ops.sum(self.attack.losses(y, self.logits(z))), x
            )
            logits = self.logits(x)
        if bool(ops.any(gradient != 0)):
            return
        if not self.own_loss and look_like_probabilities(logits):
            raise ValueError(
                "The gradient is zero in every example, and the model seems "
                f"to give probabilities in place of logits. {WAY_OUT}"
            )
        raise ValueError(
            "The gradient is zero in every example: the model is flat there "
            "(saturated or dead units, or an output that does not depend on "
            "`x`). Are the inputs scaled as in training? Start beside them, "
            "ProjectedGradientDescent(..., random_start=True), or attack a "
            "model in float64."
        )


def _has_fixed_batch(layer):
    try:
        return layer.input_shape[0] is not None
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
