"""Functions compiled once for a model, and anew when the model has changed."""

import weakref

import keras

from advtext import backend

# What `fit` and `compile` set of a model, and `call` does not read.
_OF_FIT = frozenset(
    """
    _compile_config _compile_loss _compile_metrics _compiled_trainable_state
    _epoch_iterator _eval_epoch_iterator _initial_epoch _jax_state
    _jax_state_synced _jit_compile _loss_tracker _losses_override
    _run_eagerly _symbolic_build compiled history loss optimizer
    predict_function run_eagerly steps_per_execution stop_evaluating
    stop_predicting stop_training test_function train_function
    unrolled_steps_per_execution
    """.split()
)


class CompileOnce:
    """Functions compiled for models, each until its model is another.

    What is traced holds all of a model but the values of its variables: a
    layer's activation, whether it is trained, its type, its weights
    themselves (LoRA has more, int8 has others). Where one of a layer's
    attributes is another object than before, all is compiled again.

    A model is not kept alive.
    """

    def __init__(self):
        self._models = weakref.WeakKeyDictionary()

    def fact(self, layer, key, find):
        """Returns what `find()` gives, found once for a model as it is."""
        facts = self._known(layer).facts
        if key not in facts:
            found = find()
            # Keras may have noted in the model that it was called.
            facts = self._known(layer).facts
            facts[key] = found
        return facts[key]

    def function(self, layer, key, function, variables=(), spec=None):
        """Returns a function of a model, compiled.

        Args:
            layer: The model, a built Keras layer.
            key: What tells the functions of a model apart.
            function: Function of the model and of tensors; it must not hold
                the model.
            variables: Keras variables that it reads or assigns, besides the
                model's own.
            spec: As of `advtext.backend.compiled`.

        Returns:
            Function of tensors.
        """
        known = self._known(layer)
        if key not in known.functions:
            owner = weakref.ref(layer)

            def traced(*args):
                result = function(owner(), *args)
                # What Keras notes in a first call is no change.
                known.state = _State(owner())
                return result

            known.functions[key] = backend.compiled(
                traced, [*layer.variables, *variables], spec
            )
        return known.functions[key]

    def _known(self, layer):
        known = self._models.get(layer)
        if known is None or not known.state.holds(layer):
            known = self._models[layer] = _Known(layer)
        return known


class _Known:
    def __init__(self, layer):
        self.state = _State(layer)
        self.facts = {}
        self.functions = {}


class _State:
    """What a model is made of, for a look whether it still is."""

    def __init__(self, layer):
        parts = _parts(layer)
        self.numbers = [*map(id, parts)]
        self.gone = []
        # The number of what is gone may soon be that of something else.
        self.watched = [_watched(part, self.gone.append) for part in parts]

    def holds(self, layer):
        # One comparison of lists: it precedes every call of an attack.
        return not self.gone and self.numbers == [*map(id, _parts(layer))]


def _parts(layer):
    """Returns the layers of a model, and all their attributes."""
    layers = layer._flatten_layers()
    parts = layers[:]
    for each in layers:
        if isinstance(each, keras.Model):
            parts += [v for k, v in vars(each).items() if k not in _OF_FIT]
        else:
            parts += vars(each).values()
    return parts


def _watched(part, gone):
    """Returns what keeps a number, or a text, and tells of the end of others.

    Layers may hold the model, which is not to be kept.
    """
    try:
        return weakref.ref(part, gone)
    except TypeError:
        return None if isinstance(part, (dict, list, set)) else part
