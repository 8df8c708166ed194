"""Gradients by `jax.vjp`, and steps without side effects.

What the functions take and give is told once, in `advtext.backend.tensorflow`.
"""

import collections
import contextlib
import functools
import itertools
import logging
import os

import jax
import keras

from advtext.backend import training_step
from advtext.backend.jax_pure import Pure, Scope

# Every shape is traced by itself.
COMMON_DIMENSIONS_ARE_FIXED = False
STEPS_ARE_COMPILED = True
ERRORS = (jax.errors.JaxRuntimeError,)

# Number of compilations of each kind of step, in this process.
compilations = collections.Counter()

_logger = logging.getLogger(__name__)


def input_gradient(loss_fn, x):
    """Returns the gradient of a scalar loss with respect to its input."""
    pure = Pure(loss_fn)
    x = jax.lax.stop_gradient(keras.ops.convert_to_tensor(x))
    gradient, assigned = jax.grad(functools.partial(pure, []), has_aux=True)(x)
    pure.assign(assigned)
    return jax.lax.stop_gradient(gradient)


def value_and_gradients(objective, variables, x):
    """Differentiates an objective in the variables and in its input."""
    pure = Pure(objective, variables)

    def loss_first(values, x):
        (loss, auxiliary), assigned = pure(values, x)
        return loss, (auxiliary, assigned)

    (loss, (auxiliary, assigned)), gradients = jax.value_and_grad(
        loss_first, argnums=(0, 1), has_aux=True
    )(pure.values, keras.tree.map_structure(keras.ops.convert_to_tensor, x))
    pure.assign(assigned)
    return loss, auxiliary, *gradients


def vjp(function, variables):
    """Runs a function and returns its result with the backward half."""
    pure = Pure(function, variables)
    result, backward, assigned = jax.vjp(pure, pure.values, has_aux=True)
    pure.assign(assigned)
    return result, lambda cotangents: backward(cotangents)[0]


def add_gradients(a, b, factor=1.0):
    """Returns `a + factor * b`."""
    if b is None:
        return a
    if not isinstance(factor, float) or factor != 1.0:
        b = keras.ops.cast(factor, b.dtype) * b
    return b if a is None else a + b


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
        return _with_state(self, state, functools.partial(function, self, data))

    return stateless


def _with_state(model, state, function):
    """Runs a function on a state in the order of Keras' steps."""
    groups = [
        model.trainable_variables,
        model.non_trainable_variables,
        model.metrics_variables,
    ]
    if len(state) == 4:
        groups.insert(2, model.optimizer.variables)
    variables, values = map(itertools.chain.from_iterable, (groups, state))
    with Scope(variables, values) as scope:
        result = function()
    return result, tuple(
        [scope.get_current_value(v) for v in group] for group in groups
    )


@contextlib.contextmanager
def steps_followed_by(model, metric, function):
    """As `advtext.backend.tensorflow.steps_followed_by`."""
    step = model.train_step

    def longer(state, data):
        logs, state = step(state, data)
        return logs, _with_state(model, state, function)[1]

    # What is among the metrics is handed from step to step.
    model._metrics.append(metric)
    try:
        with training_step.replaced(model, longer):
            yield
    finally:
        model._metrics.remove(metric)


def after(x, tensors):
    """Returns a tensor as it is: XLA decides what runs when."""
    return x


def compiled(function, variables, spec=None):
    """Compiles a function, once for every shape of its arguments."""

    def pure(values, *args):
        with Scope(variables, values) as scope:
            result = function(*args)
        # By their numbers: another shape may assign in another order.
        return result, {
            number: scope.get_current_value(variable)
            for number, variable in enumerate(variables)
            if id(variable) in scope.assigned
        }

    run = jax.jit(pure)

    def call(*args):
        result, assigned = run([v.value for v in variables], *args)
        for number, value in assigned.items():
            variables[number].assign(value)
        return result

    return call


def fused(function):
    """As `advtext.backend.tensorflow.fused`: a compiled step is, anyway."""
    return function


def add_rows(x, indices, rows):
    """Returns `x` with rows added, as `advtext.backend.tensorflow.add_rows`."""
    return x.at[indices].add(rows)


def repeat(count, body, value):
    """Returns `body(body(... value))`; variables that it assigns keep up."""
    pure = Pure(body)
    jax.eval_shape(pure, [], value)
    # Whatever it assigns is carried along.
    variables = list(pure.assigned)

    def step(_, carried):
        values, value = carried
        with Scope(variables, values) as scope:
            value = body(value)
        return [scope.get_current_value(v) for v in variables], value

    values = [v.value for v in variables]
    values, value = jax.lax.fori_loop(0, count, step, (values, value))
    for variable, new in zip(variables, values, strict=True):
        variable.assign(new)
    return value


def is_symbolic(x):
    """Returns whether a tensor has no value yet: a function is compiled."""
    return isinstance(x, jax.core.Tracer)


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
