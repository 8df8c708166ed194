import keras
from keras import ops

from advtext.arguments import check_choice
from advtext.attacks.attack import Attack
from advtext.attacks.broadcast import masked
from advtext.attacks.norms import direction, random_in_ball

DISTRIBUTIONS = ("normal", "sign", "uniform")


class RandomNoise(Attack):
    """Noise of length `epsilon`: the control for every other attack.

    Args:
        epsilon: Length of the perturbation per example, at least 0.
        norm: `"l2"`, `"linf"` or `"l1"`, over all axes but the first.
        targeted: Unused: noise has no target.
        value_range: `(lowest, highest)` values of a valid input, or `None`.
        seed: Integer seed, or `None`.
        distribution: `"normal"`: normal noise, scaled like a gradient would be
            (for `"l2"` a uniformly random direction, for `"linf"` random
            signs); `"sign"`: random signs, scaled alike; `"uniform"`: uniform
            in the ball of radius `epsilon` (for `"linf"` from `-epsilon` to
            `epsilon`).
        loss: Unused: noise raises no loss.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import numpy as np
    >>> from advtext.attacks import RandomNoise
    >>> attack = RandomNoise(epsilon=2.0, seed=0)
    >>> noise = attack.perturbation(None, np.zeros((3, 4, 5), "float32"))
    >>> np.linalg.norm(np.reshape(noise, (3, 20)), axis=1).round(3).tolist()
    [2.0, 2.0, 2.0]

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), the random
          perturbation of table 2
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 6
    """

    num_steps = 0
    projects = False

    def __init__(
        self,
        epsilon,
        norm="l2",
        targeted=False,
        value_range=None,
        seed=None,
        distribution="normal",
        loss=None,
    ):
        super().__init__(epsilon, norm, targeted, value_range, seed, loss)
        self.distribution = check_choice(
            "distribution", distribution, DISTRIBUTIONS
        )

    def start(self, x, epsilon, mask):
        shape, seed = ops.shape(x), self.seed_generator
        if self.distribution == "uniform":
            noise = random_in_ball(shape, x.dtype, self.norm, seed)
            return epsilon * masked(noise, mask)
        noise = keras.random.normal(shape, dtype=x.dtype, seed=seed)
        if self.distribution == "sign":
            noise = ops.sign(noise)
        return epsilon * direction(masked(noise, mask), self.norm)
