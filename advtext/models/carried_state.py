"""The LSTM states that a language model carries from batch to batch."""

from keras import ops

from advtext import backend


def add_states(model, directions, batch_size, units):
    """Adds variables for the output and the cell state of each direction.

    Args:
        model: The Keras model they belong to, while it is built.
        directions: Names of the directions.
        batch_size: Rows of the stream.
        units: Units of the LSTM.

    Returns:
        List of pairs of variables `(batch_size, units)`.
    """
    return [
        [
            model.add_weight(
                name=f"{direction}_{part}",
                shape=(batch_size, units),
                initializer="zeros",
                trainable=False,
                autocast=False,
                # What is assigned is the same on all devices.
                aggregation="only_first_replica",
            )
            for part in ("output", "cell")
        ]
        for direction in directions
    ]


def read(state, dtype):
    """Returns the output and the cell state to start from."""
    return [
        ops.cast(backend.parallel.own_rows(variable.value), dtype)
        for variable in state
    ]


def keep(state, values):
    """Sets the output and the cell state to those that a batch ended with."""
    for variable, value in zip(state, values, strict=True):
        value = backend.parallel.all_rows(ops.stop_gradient(value))
        variable.assign(value)


def clear(states):
    """Sets states to zero; `None` is no states."""
    for variable in (v for state in states or () for v in state):
        variable.assign(ops.zeros(variable.shape, variable.dtype))
