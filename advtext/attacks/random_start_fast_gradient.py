import keras
from keras import ops

from advtext.attacks.broadcast import masked
from advtext.attacks.fast_gradient import FastGradient
from advtext.attacks.norms import direction
from advtext.quoting import quoted


class RandomStartFastGradient(FastGradient):
    """A random step, then one along the gradient there (R+FGSM).

    The random step leaves the point where a model may have learned to give a
    misleading gradient. Both together are no longer than `epsilon`.

    Args:
        epsilon: Length of the perturbation per example, at least 0.
        norm: `"linf"`, `"l2"` or `"l1"`, over all axes but the first.
        random_share: Share of `epsilon` for the random step, in [0, 1].
        **kwargs: `targeted`, `value_range`, `seed` and `loss`, as of `Attack`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import numpy as np
    >>> from advtext.attacks import RandomStartFastGradient
    >>> weights = np.array([[3.0], [-4.0]], "float32")
    >>> attack = RandomStartFastGradient(0.2, random_share=0.25, seed=0)
    >>> x = np.full((1, 2), 0.5, "float32")
    >>> x_adv = np.asarray(attack(lambda x: x @ weights, x, y=[0]))
    >>> bool(np.all(np.abs(x_adv - x) <= 0.2 + 1e-6))
    True

    Reference:
        - [Tramer et al., 2018](https://arxiv.org/abs/1705.07204), section 4.1
    """

    def __init__(self, epsilon, norm="linf", random_share=0.5, **kwargs):
        super().__init__(epsilon, norm, **kwargs)
        if not 0.0 <= random_share <= 1.0:
            raise ValueError(
                "`random_share` must be from 0 to 1. Received: "
                f"random_share={quoted(random_share)}."
            )
        self.random_share = float(random_share)

    def start(self, x, epsilon, mask):
        noise = keras.random.normal(
            ops.shape(x), dtype=x.dtype, seed=self.seed_generator
        )
        step = direction(masked(noise, mask), self.norm)
        return self.random_share * epsilon * step

    def step(self, gradient, x, epsilon):
        return (1.0 - self.random_share) * super().step(gradient, x, epsilon)
