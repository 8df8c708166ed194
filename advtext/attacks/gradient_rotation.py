from keras import ops

from advtext.attacks.attack import Attack
from advtext.attacks.norms import direction, length


class GradientRotation(Attack):
    """Rotates the input towards the gradient, by a small angle.

    The input keeps its length (l2). In the plane of input and gradient it is
    turned by the angle whose chord is `epsilon`: 2 asin(epsilon / (2 |x|)).

    Args:
        epsilon: Length of the perturbation per example (l2), at least 0; no
            more than it takes to turn the input around counts.
        **kwargs: `targeted`, `value_range`, `seed` and `loss`, as of `Attack`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import numpy as np
    >>> from advtext.attacks import GradientRotation
    >>> weights = np.array([[0.0], [1.0]], "float32")
    >>> attack = GradientRotation(epsilon=2.0 ** 0.5)
    >>> x = np.array([[1.0, 0.0]], "float32")
    >>> turned = np.asarray(attack(lambda x: x @ weights, x, y=[0]))
    >>> np.abs(turned.round(3)).tolist()
    [[0.0, 1.0]]

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 5
    """

    projects = False

    def __init__(self, epsilon, **kwargs):
        super().__init__(epsilon, "l2", **kwargs)

    def step(self, gradient, x, epsilon):
        axes = tuple(range(1, len(x.shape)))
        radius = ops.reshape(length(x, "l2"), (-1,) + (1,) * len(axes))
        along = direction(x, "l2")
        towards = -gradient if self.targeted else gradient
        towards = direction(towards, "l2")
        inner = ops.sum(towards * along, axis=axes, keepdims=True)
        across = direction(towards - inner * along, "l2")
        chord = ops.minimum(epsilon, 2.0 * radius)
        sine = chord / ops.where(
            radius > 0, 2.0 * radius, ops.ones_like(radius)
        )
        # By half the angle: the chord is perpendicular to the middle.
        cosine = ops.sqrt(ops.maximum(1.0 - sine**2, 0.0))
        step = chord * (cosine * across - sine * along)
        moves = ops.any(across != 0, axis=axes, keepdims=True)
        step = ops.where(moves, step, ops.zeros_like(step))
        return -step if self.targeted else step
