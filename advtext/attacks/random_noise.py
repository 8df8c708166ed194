import keras
from keras import ops

from advtext.attacks.attack import Attack, masked
from advtext.attacks.norms import direction


class RandomNoise(Attack):
    """Noise of length `epsilon`: the control for every other attack.

    Normal noise, scaled like a gradient would be: for `"l2"` a uniformly
    random direction, for `"linf"` random signs.

    Args:
        epsilon: Length of the perturbation per example, at least 0.
        norm: `"l2"`, `"linf"` or `"l1"`, over all axes but the first.
        targeted: Unused: noise has no target.
        value_range: `(lowest, highest)` values of a valid input, or `None`.
        seed: Integer seed, or `None`.

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
    """

    def perturbation(self, loss_fn, x, mask=None, gradient=None):
        noise = keras.random.normal(
            ops.shape(x), dtype=x.dtype, seed=self.seed_generator
        )
        return self.epsilon * direction(masked(noise, mask), self.norm)
