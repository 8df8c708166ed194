from keras import ops

from advtext.training.terms.term import Term


class ConsistencyLoss(Term):
    """How far two passes with different dropout are from each other (R-Drop).

    The mean of the KL divergences both ways; both passes are trained. No
    label is needed: in a batch of labelled and unlabelled examples it is
    computed on the unlabelled ones. The clean loss stays that of one pass,
    and batch normalization moves by that pass alone. Without dropout or noise
    in the model the term is 0.

    Args:
        weight: Factor of the term in the loss, a number of at least 0 or a
            Keras schedule.
        name: Name under which the term is logged.
        **options: `start_step` and `output`, as of `Term`.

    Raises:
        ValueError: If `weight` is negative or not finite.

    Example:

    >>> from advtext.training import ConsistencyLoss
    >>> term = ConsistencyLoss(weight=1.0)

    Reference:
        - [Liang et al., 2021](https://arxiv.org/abs/2106.14448)
    """

    second_pass = True

    def __init__(self, weight=1.0, name="consistency_loss", **options):
        super().__init__(weight, name, **options)

    def objective(self, clean):
        def divergence(embedded, again):
            one, other = clean.classify(embedded), clean.again.classify(again)
            return 0.5 * ops.mean(
                clean.divergence(one, other) + clean.divergence(other, one)
            )

        return divergence
