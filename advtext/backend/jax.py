"""Gradients by `jax.vjp`, and steps without side effects.

What runs under a JAX transformation must not assign to variables. A `_Scope`
catches the assignments (seeds, statistics) of a differentiated function; their
values leave it as results, and are assigned outside.

What the functions take and give is told once, in `advtext.backend.tensorflow`.
"""

import collections
import functools
import itertools
import logging
import os

import jax
import keras

# Every shape is traced by itself.
COMMON_DIMENSIONS_ARE_FIXED = False
STEPS_ARE_COMPILED = True

# Number of compilations of each kind of step, in this process.
compilations = collections.Counter()

_logger = logging.getLogger(__name__)


class _Scope(keras.StatelessScope):
    """Gives variables other values, and remembers what was assigned.

    Within another scope it starts from that scope's values.
    """

    def __init__(self, variables=(), values=()):
        super().__init__(
            zip(variables, values, strict=True), collect_losses=True
        )
        self.assigned = {}

    def __enter__(self):
        super().__enter__()
        outer = self.original_scope
        if outer is not None:
            self.state_mapping = outer.state_mapping | self.state_mapping
            self.losses = outer.losses[:]
        return self

    def add_update(self, update):
        variable, value = update
        self.assigned[id(variable)] = variable
        super().add_update(update)


class _Pure:
    """A function of the values of variables, without side effects.

    Args:
        function: Function that may read and assign variables.
        variables: Those that it is to be a function of.
    """

    def __init__(self, function, variables=()):
        self.function = function
        self.variables = variables
        self.values = [v.value for v in variables]

    def __call__(self, values, *args):
        """Returns the function's result and the values it assigned."""
        with _Scope(self.variables, values) as scope:
            result = self.function(*args)
        self.assigned = scope.assigned.values()
        return result, [scope.get_current_value(v) for v in self.assigned]

    def assign(self, values):
        for variable, value in zip(self.assigned, values, strict=True):
            variable.assign(value)


def input_gradient(loss_fn, x):
    """Returns the gradient of a scalar loss with respect to its input."""
    pure = _Pure(loss_fn)
    x = jax.lax.stop_gradient(keras.ops.convert_to_tensor(x))
    gradient, assigned = jax.grad(functools.partial(pure, []), has_aux=True)(x)
    pure.assign(assigned)
    return jax.lax.stop_gradient(gradient)


def value_and_gradients(objective, variables, x):
    """Differentiates an objective in the variables and in its input."""
    pure = _Pure(objective, variables)

    def loss_first(values, x):
        (loss, auxiliary), assigned = pure(values, x)
        return loss, (auxiliary, assigned)

    (loss, (auxiliary, assigned)), gradients = jax.value_and_grad(
        loss_first, argnums=(0, 1), has_aux=True
    )(pure.values, keras.ops.convert_to_tensor(x))
    pure.assign(assigned)
    return loss, auxiliary, *gradients


def vjp(function, variables):
    """Runs a function and returns its result with the backward half."""
    pure = _Pure(function, variables)
    result, backward, assigned = jax.vjp(pure, pure.values, has_aux=True)
    pure.assign(assigned)
    return result, lambda cotangents: backward(cotangents)[0]


def apply_gradients(optimizer, gradients, variables):
    """Updates variables by one step of an optimizer."""
    groups = variables, optimizer.variables
    values, state = ([v.value for v in group] for group in groups)
    results = optimizer.stateless_apply(state, gradients, values)
    for group, values in zip(groups, results, strict=True):
        for variable, value in zip(group, values, strict=True):
            variable.assign(value)


def step(function):
    """Makes a Keras step of a function `(model, data) -> logs`.

    Keras hands over the state as lists of values, and takes back the new ones.
    Every compilation of the step is counted in `compilations`, and logged.
    """

    @functools.wraps(function)
    def stateless(self, state, data):
        if not self.run_eagerly:
            compilations[function.__name__] += 1
            shapes = [tuple(x.shape) for x in jax.tree.leaves(data)]
            _logger.info("Compiling %s for %s", function.__name__, shapes)
        groups = [
            self.trainable_variables,
            self.non_trainable_variables,
            self.metrics_variables,
        ]
        if len(state) == 4:
            groups.insert(2, self.optimizer.variables)
        variables, values = map(itertools.chain.from_iterable, (groups, state))
        with _Scope(variables, values) as scope:
            logs = function(self, data)
        return logs, tuple(
            [scope.get_current_value(v) for v in group] for group in groups
        )

    return stateless


def sync_state(model):
    """Makes a model's variables hold the values of now, within `fit`."""
    model.jax_state_sync()


def has_gpu():
    """Returns whether operations run on a GPU."""
    return jax.default_backend() == "gpu"


def enable_determinism():
    """Makes every later operation give the same bits on every run.

    On a GPU it must come before the first operation; a CPU always does.
    """
    flag = "--xla_gpu_deterministic_ops=true"
    flags = os.environ.get("XLA_FLAGS", "")
    if flag not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}".strip()


def expect_many_models():
    """Does nothing: JAX does not warn of retracing."""
