from advtext.attacks.attack import Attack
from advtext.attacks.norms import direction


class FastGradient(Attack):
    """One step of length `epsilon` along the gradient of the loss.

    With `norm="l2"` this is the perturbation of adversarial training on text
    (the fast gradient method), with `norm="linf"` the fast gradient sign
    method. The perturbation is `epsilon * g / length(g)` per example, positive
    along the loss; a zero gradient gives a zero perturbation.

    Args:
        epsilon: Length of the perturbation per example, at least 0.
        norm: `"l2"`, `"linf"` or `"l1"`, over all axes but the first.
        targeted: Whether `y` is a class to move towards; `"least_likely"`
            moves towards the class that the model holds least likely.
        value_range: `(lowest, highest)` values of a valid input, or `None`.
        seed: Unused by this attack, which is deterministic.
        loss: As of `Attack`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> import numpy as np
    >>> from advtext.attacks import FastGradient
    >>> weights = np.array([[3.0], [4.0]], "float32")
    >>> attack = FastGradient(epsilon=5.0, norm="l2")
    >>> x = np.zeros((1, 2), "float32")
    >>> np.asarray(attack(lambda x: x @ weights, x, y=[0])).round(3).tolist()
    [[3.0, 4.0]]

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572)
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725)
    """

    projects = False

    def step(self, gradient, x, epsilon):
        return epsilon * direction(gradient, self.norm)
