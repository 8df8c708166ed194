from advtext.training.terms.term import Term


class AdversarialLoss(Term):
    """The compiled loss at adversarial examples.

    The attack is handed the gradient of the clean loss, which the training
    step has anyway: with `FastGradient` the term costs one forward and one
    backward pass. With `RandomNoise` it is the random control.

    Args:
        attack: An `advtext.attacks.Attack`.
        weight: Factor of the term in the loss, at least 0.
        name: Name under which the term is logged.

    Raises:
        TypeError: If `attack` is not an attack.
        ValueError: If `weight` is negative or not finite.

    Example:

    >>> from advtext.attacks import FastGradient
    >>> from advtext.training import AdversarialLoss
    >>> term = AdversarialLoss(FastGradient(epsilon=5.0, norm="l2"), weight=1.0)

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), equation 6
    """

    needs_labels = True

    def __init__(self, attack, weight=1.0, name="adversarial_loss"):
        super().__init__(weight, name)
        if not hasattr(attack, "perturbation"):
            raise TypeError(
                "`attack` must be an attack, such as advtext.attacks."
                f"FastGradient(epsilon=5.0). Received: attack={attack!r}."
            )
        if getattr(attack, "targeted", False):
            raise ValueError(
                "Training raises the loss of the true label: `attack` must "
                "not be targeted."
            )
        self.attack = attack

    @property
    def seed_generators(self):
        return self.attack.seed_generators

    def objective(self, clean):
        perturbation = self.attack.perturbation(
            lambda embedded: clean.loss(clean.classify(embedded)),
            clean.embedded,
            mask=clean.mask,
            gradient=clean.loss_gradient,
        )
        return lambda embedded: clean.loss(
            clean.classify(embedded + perturbation)
        )
