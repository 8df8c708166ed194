"""Functions compiled once for a model, and anew when the model has changed."""

import operator
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
# The same of every layer: what it is named, when and with what it is called.
_OF_NO_CALL = _OF_FIT | vars(keras.layers.Layer()).keys() - {
    "_trainable",
    "_dtype_policy",
    "_convert_input_args",
    "autocast",
}


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

    def of(self, layer):
        """Returns the `CompiledModel` of a Keras layer as it is now."""
        known = self._models.get(layer)
        if known is None or not known.state.holds(layer):
            known = self._models[layer] = CompiledModel(layer)
        return known


class CompiledModel:
    """The functions compiled for a model, and what was found out about it.

    Args:
        layer: The model, a Keras layer.

    Attributes:
        facts: A dict for what holds as long as the model stays as it is.
    """

    def __init__(self, layer):
        self.layer = weakref.ref(layer)
        self.state = _State(layer)
        self.facts = {}
        self.functions = {}

    def function(self, key, function, variables=(), spec=None):
        """Returns a function of the model, compiled.

        Args:
            key: What tells the functions of a model apart.
            function: Function of the model and of tensors; it must not hold
                the model.
            variables: Keras variables that it reads or assigns, besides the
                model's own.
            spec: As of `advtext.backend.compiled`.

        Returns:
            Function of tensors.
        """
        if key not in self.functions:

            def traced(*args):
                result = function(self.layer(), *args)
                # What Keras notes in a first call is no change.
                self.state = _State(self.layer())
                return result

            self.functions[key] = backend.compiled(
                traced, [*self.layer().variables, *variables], spec
            )
        return self.functions[key]


class _State:
    """What a model is made of, for a look whether it still is."""

    def __init__(self, layer):
        self.numbers, self.gone, watched = [], [], []
        # A few attributes of each layer: a look precedes every call.
        self.attributes = []
        for each in layer._flatten_layers():
            names = [name for name in vars(each) if name not in _OF_NO_CALL]
            getter = operator.itemgetter(*names)
            parts = getter(vars(each))
            self.attributes.append((_number(each), getter))
            self.numbers.append([id(each), *map(id, parts)])
            watched += [each, *parts]
        # The number of what is gone may soon be that of something else.
        self.watched = [_watched(part, self.gone.append) for part in watched]

    def holds(self, layer):
        """Returns whether the model is made of the same as before."""
        layers = layer._flatten_layers()
        if self.gone or len(layers) != len(self.numbers):
            return False
        try:
            for each, (number, getter), numbers in zip(
                layers, self.attributes, self.numbers, strict=True
            ):
                if _number(each) != number or numbers != [
                    id(each),
                    *map(id, getter(vars(each))),
                ]:
                    return False
        except KeyError:
            return False
        return True


def _number(layer):
    """Returns how many attributes a layer has that are its own."""
    if isinstance(layer, keras.Model):
        return len(vars(layer).keys() - _OF_FIT)
    return len(vars(layer))


def _watched(part, gone):
    """Returns what keeps a number, or a text, and tells of the end of others.

    Layers may hold the model, which is not to be kept.
    """
    try:
        return weakref.ref(part, gone)
    except TypeError:
        return None if isinstance(part, (dict, list, set)) else part
