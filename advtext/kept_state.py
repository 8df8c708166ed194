"""Running something without a trace in the variables it assigns."""

import contextlib

from keras import ops


def values_of(variables):
    """Returns copies of the values that variables have now."""
    # `convert_to_tensor` would give the variables themselves.
    return [ops.copy(v.value) for v in variables]


def assign(variables, values):
    """Gives variables other values."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


@contextlib.contextmanager
def state_kept(variables):
    """Puts the values of variables back at the end, as they are now."""
    before = values_of(variables)
    try:
        yield
    finally:
        assign(variables, before)
