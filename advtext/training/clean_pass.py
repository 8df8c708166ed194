import dataclasses
from collections.abc import Callable
from typing import Any

from keras import ops


@dataclasses.dataclass(frozen=True)
class CleanPass:
    """What the unperturbed pass over a batch leaves behind for the terms.

    All of it is constant to a term, whose objective is differentiated in its
    argument and in the weights that `classify` uses.

    Attributes:
        embedded: What the classifier embedded, `(batch, ...)`.
        mask: Which steps are real, or `None`.
        logits: Its logits, `(batch, num_classes)` or `(batch, 1)`.
        classify: Function from something like `embedded` to logits, in
            training mode, with the random masks of the clean pass.
        loss: Function from logits to the compiled loss; `None` without labels.
        loss_gradient: Gradient of that loss at `embedded`, or `None`.
    """

    embedded: Any
    mask: Any
    logits: Any
    classify: Callable
    loss: Callable | None = None
    loss_gradient: Any = None


class Replay:
    """Runs a function again and again as if it were the first time.

    Every call starts from the state the first one started from (seeds of
    dropout, statistics of batch normalization), and leaves the state as the
    first call left it: no further pass redraws a mask or moves a statistic.

    Args:
        function: The function to call.
        variables: Its non-trainable variables.
    """

    def __init__(self, function, variables):
        self.function = function
        self.variables = variables
        self.before = self._values()
        self.called = False

    def _values(self):
        # Copies: `convert_to_tensor` would give the variables themselves.
        return [ops.copy(v.value) for v in self.variables]

    def __call__(self, *args):
        if not self.called:
            self.called = True
            return self.function(*args)
        after = self._values()
        self._assign(self.before)
        result = self.function(*args)
        self._assign(after)
        return result

    def _assign(self, values):
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)
