from keras import ops

from advtext.arguments import check_truth
from advtext.training.terms.adversarial import (
    check_attack,
    starts_in_the_middle,
)
from advtext.training.terms.term import Term


class SmoothnessLoss(Term):
    """How far an attack moves the model's own prediction (SMART).

    The attack climbs the divergence of the perturbed from the clean
    prediction; no label is needed. In a batch of labelled and unlabelled
    examples the term is computed on the unlabelled ones.

    Args:
        attack: An `advtext.attacks.Attack` with a random start: at its middle
            the divergence is flat.
        weight: Factor of the term in the loss, a number of at least 0 or a
            Keras schedule.
        symmetric: Whether the divergences both ways are added up and both
            predictions are trained, for one more pass; otherwise the clean
            prediction is held fixed.
        name: Name under which the term is logged.
        relative: Whether `epsilon` is a share of the length of each example
            as it is embedded (0.01 of it, say) in place of a length.
        **options: `start_step` and `output`, as of `Term`.

    Raises:
        TypeError: If `attack` is not an attack.
        ValueError: If `weight` is negative or not finite, or the attack has
            no random start.

    Example:

    >>> from advtext.attacks import ProjectedGradientDescent
    >>> from advtext.training import SmoothnessLoss
    >>> attack = ProjectedGradientDescent(
    ...     epsilon=1.0, num_steps=1, norm="l2", random_start=True)
    >>> term = SmoothnessLoss(attack, symmetric=True)

    Reference:
        - [Jiang et al., 2020](https://arxiv.org/abs/1911.03437)
    """

    def __init__(
        self,
        attack,
        weight=1.0,
        symmetric=False,
        name="smoothness_loss",
        relative=False,
        **options,
    ):
        super().__init__(weight, name, **options)
        self.relative = relative
        self.attack = attack
        self.symmetric = check_truth("symmetric", symmetric)
        check_attack(attack)
        if starts_in_the_middle(attack):
            raise ValueError(
                "Where nothing is perturbed yet the divergence is flat: give "
                "the attack `random_start=True`."
            )

    def objective(self, clean):
        perturbation = self.attack.perturbation(
            lambda embedded: clean.scale_loss(
                self._divergence(clean, clean.logits, clean.classify(embedded))
            ),
            clean.embedded,
            mask=clean.mask,
            **self.epsilon_for(clean),
        )

        def divergence(embedded):
            fixed = clean.logits
            if self.symmetric:
                fixed = clean.classify(embedded)
            return ops.mean(
                self._divergence(
                    clean, fixed, clean.classify(embedded + perturbation)
                )
            )

        return divergence

    def _divergence(self, clean, logits, perturbed):
        divergence = clean.divergence(logits, perturbed)
        if self.symmetric:
            divergence = divergence + clean.divergence(perturbed, logits)
        return divergence
