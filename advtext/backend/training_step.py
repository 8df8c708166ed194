"""Another training step in place of a model's own, for a while."""

import contextlib


@contextlib.contextmanager
def replaced(model, step):
    """Has `fit`, while the block runs, take another training step.

    Args:
        model: Compiled and built Keras model.
        step: What takes the place of its `train_step`.
    """
    before = model.train_step
    model.train_step = step
    model.make_train_function(force=True)
    try:
        yield
    finally:
        model.train_step = before
        model.train_function = None
