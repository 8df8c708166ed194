from keras import ops

from advtext.arguments import check_truth
from advtext.attacks.virtual_adversarial import VirtualAdversarial
from advtext.training.terms.term import Term


class VirtualAdversarialLoss(Term):
    """How far the worst small perturbation moves the model's own prediction.

    The KL divergence of the perturbed from the clean prediction, which is held
    fixed; no label is needed. (Of a model trained by a regression loss it is
    the mean squared difference.) In a batch of labelled and unlabelled examples
    it is computed on the unlabelled ones.

    Args:
        epsilon: Length of the perturbation per example (l2), a number of at
            least 0 or a Keras schedule.
        xi: Length of the step of the finite difference, above 0.
        num_power_iterations: Power iterations; 0 takes random noise instead,
            the control.
        weight: Factor of the term in the loss, a number of at least 0 or a
            Keras schedule.
        seed: Integer seed of the first direction, or `None`.
        name: Name under which the term is logged.
        relative: Whether `epsilon` is a share of the length of each example
            as it is embedded (0.01 of it, say) in place of a length.
        **options: `start_step` and `output`, as of `Term`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:

    >>> from advtext.training import VirtualAdversarialLoss
    >>> term = VirtualAdversarialLoss(epsilon=5.0, xi=0.1, weight=1.0)

    Reference:
        - [Miyato et al., 2017](https://arxiv.org/abs/1605.07725), equation 9
    """

    def __init__(
        self,
        epsilon=5.0,
        xi=0.1,
        num_power_iterations=1,
        weight=1.0,
        seed=None,
        name="virtual_adversarial_loss",
        relative=False,
        **options,
    ):
        super().__init__(weight, name, **options)
        self.relative = check_truth("relative", relative)
        self.attack = VirtualAdversarial(
            epsilon, xi, num_power_iterations, seed
        )

    def objective(self, clean):
        perturbation = self.attack.perturbation(
            clean.classify,
            clean.embedded,
            clean.mask,
            clean.logits,
            divergence=lambda *logits: clean.scale_loss(
                clean.divergence(*logits)
            ),
            **self.epsilon_for(clean),
        )

        def divergence(embedded):
            logits = clean.classify(embedded + perturbation)
            return ops.mean(clean.divergence(clean.logits, logits))

        return divergence
