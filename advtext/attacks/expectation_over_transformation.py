from advtext.arguments import check_count
from advtext.attacks.attack import Attack
from advtext.attacks.virtual_adversarial import VirtualAdversarial
from advtext.quoting import quoted


class ExpectationOverTransformation(Attack):
    """Any attack, on the mean loss over random transformations of the input.

    What it finds still fools the model after a transformation that nobody
    knows in advance: another crop, another light, another view.

    Args:
        attack: The `Attack` to perturb by.
        transform: Function `(x, seed)` that transforms a batch at random, by
            operations of `keras.random` with that `seed`.
        num_samples: Transformations that a gradient is the mean of.
        seed: Integer seed of the transformations, or `None`.

    Raises:
        TypeError: If `attack` is not an `Attack` on a loss, or `transform` no
            function.
        ValueError: If `num_samples` is not positive.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from advtext.attacks import (
    ...     ExpectationOverTransformation, FastGradient)
    >>> weights = np.array([[3.0], [4.0]], "float32")
    >>> def brighter(x, seed):
    ...     return x + keras.random.uniform((len(x), 1), seed=seed)
    >>> attack = ExpectationOverTransformation(
    ...     FastGradient(epsilon=5.0), brighter, num_samples=4, seed=0)
    >>> x = np.zeros((1, 2), "float32")
    >>> np.asarray(attack(lambda x: x @ weights, x, y=[0])).round(3).tolist()
    [[3.0, 4.0]]

    Reference:
        - [Athalye et al., 2018](https://arxiv.org/abs/1707.07397)
    """

    def __init__(self, attack, transform, num_samples=10, seed=None):
        if not isinstance(attack, Attack) or isinstance(
            attack, VirtualAdversarial
        ):
            raise TypeError(
                "`attack` must be an advtext.attacks.Attack that raises a "
                f"loss. Received: {type(attack).__name__}."
            )
        if not callable(transform):
            raise TypeError(
                "`transform` must be a function (x, seed) that transforms a "
                f"batch. Received: transform={quoted(transform)}."
            )
        super().__init__(
            attack.epsilon,
            attack.norm,
            attack.targeted,
            attack.value_range,
            seed,
            attack.loss,
        )
        self.attack = attack
        self.num_steps = attack.num_steps
        self.transform = transform
        self.num_samples = check_count("num_samples", num_samples)

    @property
    def seed_generators(self):
        return [*super().seed_generators, *self.attack.seed_generators]

    def perturbation(self, loss_fn, x, mask=None, gradient=None, epsilon=None):
        def expected(x):
            losses = [
                loss_fn(self.transform(x, self.seed_generator))
                for _ in range(self.num_samples)
            ]
            return sum(losses) / self.num_samples

        epsilon = self.check_epsilon(epsilon)
        return self.attack.perturbation(expected, x, mask, None, epsilon)
