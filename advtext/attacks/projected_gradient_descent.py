from keras import ops

from advtext.arguments import check_count, check_length, check_truth
from advtext.attacks.attack import Attack
from advtext.attacks.broadcast import masked
from advtext.attacks.norms import direction, length, random_in_ball


class ProjectedGradientDescent(Attack):
    """Steps along the gradient, each projected onto the ball of `epsilon`.

    Without a random start this is the basic iterative method (BIM, I-FGSM),
    with one PGD, with `momentum` MI-FGSM.

    Args:
        epsilon: Length of the perturbation per example, at least 0.
        step_size: Length of a step; `2.5 * epsilon / num_steps` by default.
        num_steps: Number of steps, at least 1.
        norm: `"linf"`, `"l2"` or `"l1"`, over all axes but the first.
        random_start: Whether to start anywhere in the ball, not at its middle.
        targeted: Whether `y` is a class to move towards; `"least_likely"`
            moves towards the class that the model holds least likely.
        value_range: `(lowest, highest)` values of a valid input, or `None`.
        seed: Integer seed of the random starts, or `None`.
        momentum: Share of the gradients before that a step goes on with, at
            least 0; every gradient counts with length 1 (l1).
        num_restarts: Random starts of which the worst is kept, per example.
        loss: As of `Attack`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import numpy as np
    >>> from advtext.attacks import ProjectedGradientDescent
    >>> weights = np.array([[3.0], [-4.0]], "float32")
    >>> attack = ProjectedGradientDescent(
    ...     epsilon=0.25, step_size=0.1, num_steps=5, value_range=(0, 1))
    >>> x = np.array([[0.9, 0.5]], "float32")
    >>> np.asarray(attack(lambda x: x @ weights, x, y=[0])).tolist()
    [[1.0, 0.25]]

    Reference:
        - [Kurakin et al., 2017](https://arxiv.org/abs/1607.02533), BIM
        - [Madry et al., 2018](https://arxiv.org/abs/1706.06083), PGD
        - [Dong et al., 2018](https://arxiv.org/abs/1710.06081), momentum
    """

    def __init__(
        self,
        epsilon,
        step_size=None,
        num_steps=40,
        norm="linf",
        random_start=False,
        targeted=False,
        value_range=None,
        seed=None,
        momentum=0.0,
        num_restarts=1,
        loss=None,
    ):
        super().__init__(epsilon, norm, targeted, value_range, seed, loss)
        if step_size is not None:
            step_size = check_length("step_size", step_size)
        self.step_size = step_size
        self.num_steps = check_count("num_steps", num_steps)
        self.random_start = check_truth("random_start", random_start)
        self.momentum = check_length("momentum", momentum)
        self.num_restarts = check_count("num_restarts", num_restarts)
        if self.num_restarts > 1 and not self.random_start:
            raise ValueError(
                "Restarts differ in their random starts: set "
                "`random_start=True`."
            )

    def start(self, x, epsilon, mask):
        if not self.random_start:
            return None
        shape = ops.shape(x)
        noise = random_in_ball(shape, x.dtype, self.norm, self.seed_generator)
        return self._confined(epsilon * masked(noise, mask), x, epsilon)

    def accumulate(self, before, gradient):
        if not self.momentum:
            return gradient
        size = length(gradient, "l1")
        size = ops.where(size > 0, size, ops.ones_like(size))
        size = ops.reshape(size, (-1,) + (1,) * (len(gradient.shape) - 1))
        gradient = gradient / size
        if before is None:
            return gradient
        return self.momentum * before + gradient

    def step(self, gradient, x, epsilon):
        step_size = self.step_size
        if step_size is None:
            step_size = 2.5 * epsilon / self.num_steps
        return step_size * direction(gradient, self.norm)

    def perturbation(self, loss_fn, x, mask=None, gradient=None, epsilon=None):
        arguments = loss_fn, x, mask, gradient, epsilon
        worst = super().perturbation(*arguments)
        if self.num_restarts == 1:
            return worst
        highest = self._losses(loss_fn, x + worst)
        for _ in range(self.num_restarts - 1):
            found = super().perturbation(*arguments)
            losses = self._losses(loss_fn, x + found)
            better = losses > highest
            kept = ops.reshape(better, (-1,) + (1,) * (len(x.shape) - 1))
            worst = ops.where(kept, found, worst)
            highest = ops.where(better, losses, highest)
        return worst

    def _losses(self, loss_fn, x):
        """Returns what is to be high, per example."""
        losses = loss_fn(x)
        if len(losses.shape) != 1:
            raise ValueError(
                "Several restarts need a loss per example: `loss_fn` must "
                f"return shape (batch,). Received: shape {losses.shape}."
            )
        return -losses if self.targeted else losses
