from keras import ops

from advtext.training.terms.term import Term


class EntropyLoss(Term):
    """The entropy of the predictions: they are to be sure of themselves.

    No label is needed: in a batch of labelled and unlabelled examples it is
    computed on the unlabelled ones. With an adversarial and a virtual
    adversarial term it makes up the mixed objective.

    Args:
        weight: Factor of the term in the loss, a number of at least 0 or a
            Keras schedule.
        name: Name under which the term is logged.
        **options: `start_step` and `output`, as of `Term`.

    Raises:
        ValueError: If `weight` is negative or not finite; in training, if the
            model predicts values in place of classes.

    Example:

    >>> from advtext.training import EntropyLoss
    >>> term = EntropyLoss(weight=1.0)

    Reference:
        - [Grandvalet and Bengio, 2004](https://papers.nips.cc/paper/2740)
        - [Sachan et al., 2019](https://arxiv.org/abs/2009.04007), the mixed
          objective
    """

    def __init__(self, weight=1.0, name="entropy_loss", **options):
        super().__init__(weight, name, **options)

    def objective(self, clean):
        return lambda embedded: ops.mean(
            clean.entropy(clean.classify(embedded))
        )
