from advtext.attacks.arguments import check_length


class Term:
    """Base of the terms that are added to the compiled loss.

    A subclass overrides `objective`, and sets `needs_labels` if it can only
    be computed on labelled examples.

    Args:
        weight: Factor of the term in the loss, at least 0.
        name: Name under which the term is logged.

    Raises:
        ValueError: If `weight` is negative or not finite.
    """

    needs_labels = False

    def __init__(self, weight=1.0, name=None):
        self.weight = check_length("weight", weight)
        self.name = name

    @property
    def seed_generators(self):
        """The random states of the term, saved with the training model."""
        return []

    def objective(self, clean):
        """Computes the term's perturbation and returns its loss function.

        Args:
            clean: `CleanPass` of the batch, with `embedded`, `mask`, `logits`,
                `loss_gradient`, `classify` and `loss`.

        Returns:
            Function from embedded inputs `(batch, ...)`, unperturbed, to the
            scalar loss of the term. It is called once, under a gradient.
        """
        raise NotImplementedError
