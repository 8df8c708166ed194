import keras
from keras import ops

from advtext.arguments import check_count, check_length
from advtext.attacks.broadcast import masked
from advtext.attacks.kept_settings import KeptSettings
from advtext.attacks.norms import length
from advtext.quoting import quoted


class Term(KeptSettings):
    """Base of the terms that are added to the compiled loss.

    A subclass overrides `objective`, and sets `needs_labels` if it can only
    be computed on labelled examples, `second_pass` if it compares two passes
    with different dropout.

    Args:
        weight: Factor of the term in the loss: a number of at least 0, or a
            `keras.optimizers.schedules.LearningRateSchedule` over the steps
            of the optimizer.
        name: Name under which the term is logged; that of the class by
            default.
        start_step: Steps of the optimizer before the term counts; until then
            its weight is 0, and its value is logged all the same.
        output: Name (or number) of the output that the term is about, of a
            model with several.

    Raises:
        ValueError: If `weight` or `start_step` is negative, or not finite.
    """

    # Whether `epsilon` is a share of the embedded length, not a length.
    relative = False
    needs_labels = False
    second_pass = False

    def __init__(self, weight=1.0, name=None, start_step=0, output=None):
        if not isinstance(
            weight, keras.optimizers.schedules.LearningRateSchedule
        ):
            weight = check_length("weight", weight)
        self.weight = weight
        if name is not None and not isinstance(name, str):
            raise TypeError(
                "`name` must be a string, or None. Received: "
                f"name={quoted(name)}."
            )
        self.name = name or type(self).__name__.lower()
        self.start_step = check_count("start_step", start_step, at_least=0)
        self.output = output

    @property
    def seed_generators(self):
        """The random states of its attack, saved with the training model."""
        return getattr(getattr(self, "attack", None), "seed_generators", [])

    def weight_at(self, step):
        """Returns the weight at a step of the optimizer.

        Args:
            step: Scalar integer tensor or variable.
        """
        weight = self.weight
        if callable(weight):
            weight = ops.cast(weight(step), "float32")
        if not self.start_step:
            return weight
        weight = ops.cast(weight, "float32")
        return ops.where(
            ops.convert_to_tensor(step) < self.start_step,
            ops.zeros_like(weight),
            weight,
        )

    def epsilon_for(self, clean):
        """Returns what the attack is told in place of its own, a dict.

        That is nothing, or `epsilon`: what its schedule says of the step, a
        share of the length of each embedded example, or both.

        Args:
            clean: `CleanPass` of the batch.
        """
        epsilon = getattr(self.attack, "epsilon", None)
        if callable(epsilon):
            epsilon = ops.cast(epsilon(clean.step), "float32")
        elif not self.relative:
            return {}
        if self.relative:
            embedded = masked(clean.embedded, clean.mask)
            epsilon = epsilon * length(embedded, self.attack.norm)
        return {"epsilon": epsilon}

    def objective(self, clean):
        """Computes the term's perturbation and returns its loss function.

        Args:
            clean: `CleanPass` of the batch, with `embedded`, `mask`, `logits`,
                `loss_gradient`, `classify` and `loss`.

        Returns:
            Function from embedded inputs `(batch, ...)`, unperturbed, to the
            scalar loss of the term; with a `second_pass` also from those of
            `clean.again`. It is called once, under a gradient.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must override `objective`."
        )

    def objectives(self, clean):
        """Yields functions like that of `objective`; the term is their sum.

        For a term that adds up several passes, each on the gradient at the
        embedded inputs, up to a positive factor, that the one before sends
        back.
        """
        yield self.objective(clean)


def check_terms(terms):
    """Raises an error unless `terms` can be trained side by side.

    Raises:
        TypeError: If they are no list of terms.
        ValueError: If two have the same name, or one that Keras uses.
    """
    if isinstance(terms, Term):
        raise TypeError("`terms` must be a list of terms: terms=[term].")
    if not isinstance(terms, (list, tuple)):
        raise TypeError(
            "`terms` must be a list of terms, such as [advtext.training."
            f"VirtualAdversarialLoss()]. Received: {quoted(terms)}."
        )
    for term in terms:
        if not hasattr(term, "objectives"):
            hint = ""
            if hasattr(term, "perturbation"):
                hint = " An attack becomes one by AdversarialLoss(attack)."
            raise TypeError(
                "`terms` must be a list of terms, such as advtext.training."
                f"VirtualAdversarialLoss(). Received: {quoted(term)}.{hint}"
            )
    names = [term.name for term in terms]
    if len(set(names)) < len(names):
        raise ValueError(
            "Terms must have different names: pass `name` to tell them "
            f"apart. Received: {names}."
        )
    if "loss" in names:
        raise ValueError(
            "A term cannot be named 'loss', which is the whole loss: pass "
            "another `name`."
        )
