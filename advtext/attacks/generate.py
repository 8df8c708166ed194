"""From an attack on one batch to adversarial examples of whatever is given."""

import keras
import numpy as np
from keras import ops

from advtext import backend
from advtext.attacks import arguments
from advtext.attacks.inputs import (
    as_tensor,
    check_inputs,
    check_one_array,
    check_type,
)
from advtext.quoting import quoted


def generate(run, x, y, mask, epsilon, epsilons, batch_size, progress):
    """Returns adversarial examples; `Attack.__call__` tells of the arguments.

    Args:
        run: `Runner` of the attack on the model.
    """
    if backend.is_symbolic(x) or backend.is_symbolic(y):
        if epsilons is not None or batch_size is not None:
            raise ValueError(
                "Within a compiled function an attack takes one batch and one "
                "`epsilon`: leave out `epsilons` and `batch_size`."
            )
        check_type(x)
        run.check_target(y)
        return run.examples(ops.convert_to_tensor(x), y, mask, epsilon)
    if batch_size is not None:
        batch_size = arguments.check_count("batch_size", batch_size)
    rest = {"mask": mask, "batch_size": batch_size, "progress": progress}
    if epsilons is None:
        epsilon = run.attack.check_epsilon(epsilon)
        return _generate(run, x, y, epsilon, **rest)
    if epsilon is not None:
        raise ValueError("Pass `epsilon` or `epsilons`, not both.")
    epsilons = _several(epsilons)
    again = _repeatable(x)
    return ops.stack([_generate(run, again(), y, e, **rest) for e in epsilons])


def _several(epsilons):
    """Returns several lengths as a list, or raises `ValueError`."""
    if isinstance(epsilons, str) or not np.ndim(epsilons):
        raise ValueError(
            "`epsilons` must be a list of numbers; one is `epsilon`. Received: "
            f"epsilons={quoted(epsilons)}."
        )
    if not len(epsilons):
        raise ValueError("`epsilons` is empty.")
    return list(epsilons)


def _generate(run, x, y, epsilon, mask, batch_size, progress):
    check_one_array(x)
    if not _is_array(x):
        if y is not None or mask is not None or np.ndim(epsilon):
            raise ValueError(
                "Labels of a dataset come with its batches, (x, y); `y`, "
                "`mask` and an `epsilon` per example are for arrays."
            )
        batches = _batches(run, x, epsilon)
        return _joined(run, batches, _number(x), progress)
    x = as_tensor(x)
    single = _is_single(run.model, x)
    if single:
        x = x[None]
        y = None if y is None else _rows(y, None)
        mask = None if mask is None else np.asarray(mask)[None]
    x = check_inputs(x, run.attack.value_range)
    y = run.checked_labels(x, y)
    epsilon = arguments.check_epsilon(epsilon, len(x))
    if mask is not None:
        mask = arguments.check_mask(mask, x)
    size = batch_size or len(x)
    batches = _slices(x, y, mask, epsilon, size)
    found = _joined(run, batches, -(-len(x) // size), progress)
    return found[0] if single else found


def _joined(run, batches, number, progress):
    bar = keras.utils.Progbar(number) if progress else None
    parts = []
    for batch in batches:
        parts.append(run(*batch))
        if bar is not None:
            bar.add(1)
    if not parts:
        raise ValueError("The dataset holds no batches.")
    return ops.concatenate(parts) if len(parts) > 1 else parts[0]


def _number(dataset):
    """Returns the number of batches, `None` where nobody knows it."""
    try:
        return len(dataset)
    except TypeError:
        return None


def _is_array(x):
    return (
        hasattr(x, "__array__")
        or isinstance(x, (list, tuple))
        or ops.is_tensor(x)
    )


def _repeatable(x):
    """Returns a function that gives `x` to read, time and again."""
    if _is_array(x) or isinstance(x, keras.utils.PyDataset):
        return lambda: x
    batches = list(x)
    return lambda: iter(batches)


def _is_single(model, x):
    """Returns whether `x` is one example, where the model tells."""
    try:
        return len(x.shape) == len(model.input_shape) - 1
    except (AttributeError, TypeError, ValueError):
        return False


def _rows(y, rows):
    """Returns rows of labels, or of each of several outputs' labels."""
    return keras.tree.map_structure(
        lambda part: (
            part[rows] if hasattr(part, "shape") else np.array(part)[rows]
        ),
        y,
    )


def _slices(x, y, mask, epsilon, batch_size):
    for first in range(0, len(x), batch_size):
        rows = slice(first, first + batch_size)
        yield (
            x[rows],
            None if y is None else _rows(y, rows),
            None if mask is None else mask[rows],
            epsilon[rows] if epsilon.ndim else epsilon,
        )


def _batches(run, dataset, epsilon):
    batches = dataset
    if isinstance(dataset, keras.utils.PyDataset):
        batches = (dataset[index] for index in range(len(dataset)))
    for batch in batches:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        x = as_tensor(x)
        x = check_inputs(x, run.attack.value_range)
        y = run.checked_labels(x, y)
        yield x, y, None, arguments.check_epsilon(epsilon, len(x))
