import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from advtext.kept_state import assign, values_of
from advtext.training.outputs import Outputs


@dataclasses.dataclass(frozen=True)
class CleanPass:
    """What the unperturbed pass over a batch leaves behind for the terms.

    All of it is constant to a term, whose objective is differentiated in its
    argument and in the weights that `classify` uses.

    Attributes:
        embedded: What the classifier embedded, `(batch, ...)`.
        mask: Which steps are real, or `None`.
        logits: Its logits, `(batch, num_classes)` or `(batch, 1)`; of several
            outputs a dict or list of them, unless the term names one.
        classify: Function from something like `embedded` to logits, in
            training mode, with the random masks of the clean pass.
        loss: Function from logits to the compiled loss; `None` without labels.
            With a `name`, from those of an output to that output's own loss.
        loss_gradient: Gradient of that loss at `embedded`, up to a positive
            factor, or `None`.
        outputs: `Outputs` of the model.
        output: The name of the one output that this is about, or `None`.
        scale_loss: Function that scales a loss, so that its gradient does not
            vanish in half precision.
        again: `CleanPass` over the same batch with other random masks, for
            terms with a `second_pass`.
        step: The step of the optimizer, for schedules.
    """

    embedded: Any
    mask: Any
    logits: Any
    classify: Callable
    loss: Callable | None = None
    loss_gradient: Any = None
    outputs: Outputs = dataclasses.field(default_factory=Outputs)
    output: Any = None
    scale_loss: Callable = lambda loss: loss
    again: Any = None
    step: Any = None

    def at(self, output):
        """Returns the same of one output alone; `None` is all there are."""
        if output is None:
            return self
        changed = {
            "logits": self.outputs.select(self.logits, output),
            "classify": lambda embedded: self.outputs.select(
                self.classify(embedded), output
            ),
            "output": output,
            "loss_gradient": None,
        }
        if self.loss is not None:
            changed["loss"] = functools.partial(self.loss, name=output)
        if self.again is not None:
            changed["again"] = self.again.at(output)
        return dataclasses.replace(self, **changed)

    @property
    def head(self):
        """What the predictions mean, an `advtext.heads.Head`."""
        return self.outputs.head(self.logits, self.output)

    def divergence(self, clean_logits, logits):
        """Returns how far predictions are from others, `(batch,)`.

        The KL divergence of classes, the sum of that of all labels, or the
        mean squared difference of values, as the compiled loss tells.
        """
        return self.head.divergence(clean_logits, logits)

    def entropy(self, logits):
        """Returns the entropy of predictions, `(batch,)`, in nats.

        Raises:
            ValueError: If they are values, not probabilities.
        """
        if self.head.entropy is None:
            raise ValueError(
                "The model predicts values (its loss is one of regression), "
                "and values have no entropy: leave the term out."
            )
        return self.head.entropy(logits)


class Replay:
    """Runs a function again and again as if it were the first time.

    Every call starts from the state that is there when this is made (seeds of
    dropout, statistics of batch normalization), and leaves the state as the
    first call left it: no further pass redraws a mask or moves a statistic.

    Args:
        function: The function to call.
        variables: Its non-trainable variables.
        moves: Whether the first call leaves the state moved.
    """

    def __init__(self, function, variables, moves=True):
        self.function = function
        self.variables = variables
        self.before = values_of(variables)
        self.first = moves

    def __call__(self, *args):
        if self.first:
            self.first = False
            return self.function(*args)
        after = values_of(self.variables)
        assign(self.variables, self.before)
        result = self.function(*args)
        assign(self.variables, after)
        return result
