from advtext.arguments import check_truth
from advtext.attacks import VirtualAdversarial
from advtext.attacks.attack import Attack
from advtext.losses import cross_entropy
from advtext.quoting import quoted
from advtext.training.terms.term import Term


class AdversarialLoss(Term):
    """The compiled loss at adversarial examples.

    The attack is handed the gradient of the clean loss, which the training
    step has anyway: with `FastGradient` the term costs one forward and one
    backward pass, with `ProjectedGradientDescent` one more of both for every
    further step. With `RandomNoise` it is the random control.

    Args:
        attack: An `advtext.attacks.Attack`.
        weight: Factor of the term in the loss, a number of at least 0 or a
            Keras schedule.
        name: Name under which the term is logged.
        accumulate_gradients: Whether the term is the mean of the loss at all
            points the attack comes by, its start included and the last left
            out, in place of the loss at the last. Every step is then trained
            on by the pass that it takes anyway (FreeLB).
        relative: Whether `epsilon` is a share of the length of each example
            as it is embedded (0.01 of it, say) in place of a length.
        **options: `start_step` and `output`, as of `Term`.

    Raises:
        TypeError: If `attack` is not an attack.
        ValueError: If `weight` is negative or not finite, or the attack is
            one that training cannot use.

    Example:

    >>> from advtext.attacks import FastGradient, ProjectedGradientDescent
    >>> from advtext.training import AdversarialLoss
    >>> term = AdversarialLoss(FastGradient(epsilon=5.0, norm="l2"), weight=1.0)
    >>> attack = ProjectedGradientDescent(
    ...     epsilon=5.0, num_steps=3, norm="l2", random_start=True)
    >>> freelb = AdversarialLoss(attack, accumulate_gradients=True)

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), equation 6
        - [Zhu et al., 2020](https://arxiv.org/abs/1909.11764), FreeLB
    """

    needs_labels = True

    def __init__(
        self,
        attack,
        weight=1.0,
        name="adversarial_loss",
        accumulate_gradients=False,
        relative=False,
        **options,
    ):
        super().__init__(weight, name, **options)
        relative = check_truth("relative", relative)
        accumulate_gradients = check_truth(
            "accumulate_gradients", accumulate_gradients
        )
        self.relative = relative
        if relative and accumulate_gradients:
            raise ValueError(
                "`accumulate_gradients` needs `epsilon` as a length: set "
                "`relative=False`."
            )
        self.attack = attack
        self.accumulate_gradients = accumulate_gradients
        check_attack(attack)
        if accumulate_gradients and (
            type(attack).step is Attack.step
            or (attack.num_steps == 1 and starts_in_the_middle(attack))
        ):
            raise ValueError(
                "Gradients are accumulated over the start and the steps of an "
                f"attack but the last, and {type(attack).__name__} has no such "
                "points here: use ProjectedGradientDescent of several steps, "
                "or with `random_start=True`."
            )

    def objective(self, clean):
        perturbation = self.attack.perturbation(
            lambda embedded: clean.scale_loss(
                clean.loss(clean.classify(embedded))
            ),
            clean.embedded,
            mask=clean.mask,
            gradient=clean.loss_gradient,
            **self.epsilon_for(clean),
        )
        return self._loss_at(clean, perturbation)

    def objectives(self, clean):
        if not self.accumulate_gradients:
            yield self.objective(clean)
            return
        walk = self.attack.walk(
            clean.embedded, clean.mask, **self.epsilon_for(clean)
        )
        perturbation = next(walk)
        share = 1.0 / self.attack.num_steps
        for step in range(self.attack.num_steps):
            gradient = yield self._loss_at(clean, perturbation, share)
            if step + 1 < self.attack.num_steps:
                perturbation = walk.send(gradient)

    def _loss_at(self, clean, perturbation, share=None):
        def loss(embedded):
            value = clean.loss(clean.classify(embedded + perturbation))
            return value if share is None else share * value

        return loss


def check_attack(attack):
    """Raises an error unless an attack can be used in training.

    Raises:
        TypeError: If it is none.
        ValueError: If it is targeted, or wants the loss of every example.
    """
    if not hasattr(attack, "perturbation"):
        raise TypeError(
            "`attack` must be an attack, such as advtext.attacks."
            f"FastGradient(epsilon=5.0). Received: attack={quoted(attack)}."
        )
    if isinstance(attack, VirtualAdversarial):
        raise ValueError(
            "Power iteration has a term of its own: pass the arguments of "
            "VirtualAdversarial to VirtualAdversarialLoss."
        )
    if getattr(attack, "loss", cross_entropy) is not cross_entropy:
        raise ValueError(
            "Training raises the compiled loss: an attack with a `loss` of its "
            "own is not used. Leave it out."
        )
    if getattr(attack, "targeted", False):
        raise ValueError(
            "Training raises the loss of the true label: `attack` must "
            "not be targeted."
        )
    # One around another has what it is around in `attack`.
    while attack is not None:
        if getattr(attack, "num_restarts", 1) > 1:
            raise ValueError(
                "Training takes one start of an attack: set `num_restarts=1`. "
                f"Received: num_restarts={attack.num_restarts}."
            )
        attack = getattr(attack, "attack", None)


def starts_in_the_middle(attack):
    """Returns whether the first gradient is that at the clean input."""
    attack = getattr(attack, "attack", attack)
    unmoved = type(attack).start is Attack.start
    return bool(attack.num_steps) and not getattr(
        attack, "random_start", not unmoved
    )
