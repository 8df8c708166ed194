import keras
import numpy as np
from keras import ops

from advtext.arguments import (
    check_choice,
    check_count,
    check_length,
    check_share,
)

KINDS = ("exponential", "linear", "cosine")


@keras.saving.register_keras_serializable("advtext")
class Decay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises for a while, and then falls.

    Linear with a warm-up of a tenth is the slanted triangular rate of ULMFiT;
    cosine with one is much like the one-cycle rate.

    Args:
        learning_rate: The highest rate, at least 0.
        num_steps: Steps of the training, at least 1.
        kind: `"linear"` and `"cosine"` fall to 0 at the end, `"exponential"`
            by a factor a step, also those of the warm-up: it then begins
            where it would be without one.
        warmup: Share of the steps in which the rate rises, in [0, 1).
        decay_rate: The factor of `"exponential"`, in (0, 1].

    Call arguments:
        step: Steps done, a scalar; beyond `num_steps` a rate of 0 stays, and
            an exponential one goes on falling.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> from advtext.training import Decay
    >>> rate = Decay(0.8, num_steps=10, kind="linear", warmup=0.2)
    >>> [round(float(rate(step)), 2) for step in (0, 1, 2, 6, 10)]
    [0.0, 0.4, 0.8, 0.4, 0.0]

    Reference:
        - [Howard and Ruder, 2018](https://arxiv.org/abs/1801.06146), section
          3.2
    """

    def __init__(
        self,
        learning_rate,
        num_steps,
        kind="cosine",
        warmup=0.0,
        decay_rate=1.0,
    ):
        super().__init__()
        self.learning_rate = check_length("learning_rate", learning_rate)
        self.num_steps = check_count("num_steps", num_steps)
        check_choice("kind", kind, KINDS)
        self.kind = kind
        self.warmup = check_share("warmup", warmup)
        self.decay_rate = check_length("decay_rate", decay_rate)
        if not 0 < self.decay_rate <= 1:
            raise ValueError(
                "`decay_rate` must be above 0 and at most 1. Received: "
                f"decay_rate={decay_rate}."
            )

    def __call__(self, step):
        step = ops.cast(step, "float32")
        share = ops.minimum(step / self.num_steps, 1.0)
        left = (1.0 - share) / (1.0 - self.warmup)
        if self.kind == "exponential":
            falling = ops.power(self.decay_rate, step)
        elif self.kind == "cosine":
            falling = 0.5 - 0.5 * ops.cos(np.pi * left)
        else:
            falling = left
        if self.warmup:
            rising = share / self.warmup
            falling = ops.where(share < self.warmup, rising, falling)
        return self.learning_rate * falling

    def get_config(self):
        names = "learning_rate", "num_steps", "kind", "warmup", "decay_rate"
        return {name: getattr(self, name) for name in names}
