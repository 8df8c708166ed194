import contextlib
import functools
import inspect

import keras
from keras import ops

from advtext.kept_state import state_kept
from advtext.masks import mask_of, with_mask
from advtext.models.classifier import Classifier
from advtext.models.in_a_row import in_a_row, masks_in_a_row, part
from advtext.models.places import PlaceError
from advtext.models.stand_ins import needs_inputs, stand_ins


class _AllFound(BaseException):
    """Ends a run of a model: no `Exception`, which its `call` may catch."""


class PerturbedAt(Classifier):
    """Any Keras model as a classifier; `advtext.perturb_at` makes it.

    Args:
        model: The model, built.
        places: `advtext.models.places.Places` in it.
        mask: Function from the inputs to which steps are real, or `None` for
            the mask that Keras ties to the layer's output.
    """

    classifies_from_inputs = True

    def __init__(self, model, places, mask=None):
        policy = model.dtype_policy
        # The model itself casts its inputs.
        super().__init__(name=model.name, dtype=policy, autocast=False)
        self.model = model
        self.places = places
        self.mask = mask
        self.built = True

    @property
    def output_names(self):
        """Names of the outputs, of a model that knows them."""
        return getattr(self.model, "output_names", None)

    def call(self, inputs, training=False):
        return self._call_model(inputs, training)

    def compute_mask(self, inputs, previous_mask=None):
        if self.mask is not None:
            return ops.cast(self.mask(inputs), "bool")
        return self._outputs(inputs, training=False)[1]

    def embed(self, inputs, training=False):
        """Returns what the layer puts out; of several, all of it in a row.

        Seeds and statistics stay: they move when the rest is run, which
        begins at the input again.

        Args:
            inputs: What the model takes.
            training: Whether it runs in training mode.

        Returns:
            `(batch, ...)`; of several layers `(batch, total)`.
        """
        # A new tensor: a layer may hand on its input, which is the user's.
        embedded = ops.copy(self._outputs(inputs, training)[0])
        with contextlib.suppress(AttributeError):
            # JAX does not let a tensor without value know of it.
            embedded._perturbed_at_inputs = inputs
        return embedded

    def classify(self, embedded, mask=None, training=False):
        """Returns the logits of what `embed` gave, or of something near it.

        Raises:
            ValueError: If it is not just what `embed` gave, and the model
                needs its inputs for more: take what `given(inputs)` returns.
        """
        inputs = getattr(embedded, "_perturbed_at_inputs", None)
        if inputs is not None:
            return self._run(inputs, embedded, training)
        layer = self.places.layers[0]
        if len(self.places) > 1 or needs_inputs(self.model, layer):
            raise ValueError(
                f"The model {self.model.name!r} cannot run without its inputs: "
                "take classifier.given(inputs) in place of classifier.classify."
            )
        embedded = ops.convert_to_tensor(embedded)
        inputs = stand_ins(self.model, embedded, mask)
        return self._run(inputs, embedded, training)

    def given(self, inputs, mask=None):
        return functools.partial(self._run, inputs)

    def save(self, filepath, **kwargs):
        """Saves the model itself, as `keras.Model.save` does."""
        self.model.save(filepath, **kwargs)

    def export(self, filepath, *args, **kwargs):
        """Exports the model itself, as `save` does."""
        self.model.export(filepath, *args, **kwargs)

    def run_through(self, inputs):
        """Returns the logits, by way of what is embedded."""
        return self.given(inputs)(self.embed(inputs))

    @property
    def tells_layers_of_training(self):
        """Whether the model takes `training`; else Keras leaves it unsaid."""
        return "training" in inspect.signature(self.model.call).parameters

    def _call_model(self, inputs, training):
        # As Keras' `fit` does: without the argument, its layers decide.
        if self.tells_layers_of_training:
            return self.model(inputs, training=training)
        return self.model(inputs)

    def _run(self, inputs, embedded, training=False):
        """Returns the model's output, the places putting out `embedded`."""
        start, clean = 0, []
        if len(self.places) > 1:
            clean = iter(self._captured(inputs, training)[0])

        def answer(layer, output, args, kwargs):
            nonlocal start
            if len(self.places) == 1:
                found = ops.copy(embedded)
            else:
                found, start = part(embedded, start, like=output)
                # What was perturbed before it arrives, too.
                found = found + (output - next(clean))
            mask = mask_of(output)
            return found if mask is None else with_mask(found, mask)

        with self.places.answered(answer) as calls:
            result = self._call_model(inputs, training)
        self.places.check(calls)
        return result

    def _outputs(self, inputs, training):
        """Returns `(embedded, mask)`, and leaves no trace in the model."""
        outputs, masks = self._captured(inputs, training)
        if len(outputs) == 1:
            return outputs[0], masks[0]
        return in_a_row(outputs), masks_in_a_row(outputs, masks)

    def _captured(self, inputs, training):
        """Returns what the places put out, and the masks of it."""
        outputs, masks, errors = [], [], []

        def answer(layer, output, args, kwargs):
            error = _wrong_with(layer, output)
            if error:
                # Raised later: Keras would wrap it.
                errors.append(error)
                raise _AllFound
            outputs.append(output)
            masks.append(_mask_of(layer, output, args, kwargs))
            if len(outputs) == len(self.places):
                raise _AllFound
            return output

        with (
            state_kept(self.model.non_trainable_variables),
            self.places.answered(answer) as calls,
        ):
            with contextlib.suppress(_AllFound):
                self._call_model(inputs, training)
                self.places.check(calls)
        if errors:
            raise PlaceError(errors[0])
        return outputs, masks


def _wrong_with(layer, output):
    """Returns why a layer's output cannot be perturbed, if so."""
    flat = keras.tree.flatten(output)
    if len(flat) != 1 or keras.tree.is_nested(output):
        return (
            f"The layer {layer.name!r} puts out {len(flat)} tensors; choose "
            "one that puts out a single tensor, such as a layer behind it."
        )
    dtype = keras.backend.standardize_dtype(output.dtype)
    if "float" not in dtype:
        return (
            f"The layer {layer.name!r} puts out {dtype}, which cannot be "
            "perturbed: choose a layer whose output is floating-point, such "
            "as the embedding of these integers."
        )
    return None


def _mask_of(layer, output, args, kwargs):
    """Returns the mask that Keras will tie to a layer's output, or `None`."""
    mask = mask_of(output)
    if mask is not None or not layer.supports_masking:
        return mask
    first = args[0] if args else next(iter(kwargs.values()))
    before = kwargs.get("mask")
    return layer.compute_mask(
        first, mask_of(first) if before is None else before
    )
