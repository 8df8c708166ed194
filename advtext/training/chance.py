import dataclasses
import math
import warnings

import keras
import numpy as np
from keras import ops

from advtext import backend
from advtext.attacks.broadcast import masked
from advtext.attacks.norms import length
from advtext.heads import CLASSES, LABELS
from advtext.training.label_counts import (
    LabelCounts,
    can_be_counted,
    counted,
    guessing,
)

# Steps of a window, at most and at least; shorter trainings have shorter ones.
_LONGEST, _SHORTEST = 50, 10
# So many windows at chance, one after the other, are no slow start.
_PATIENCE = 3
# A training that learns soon is below the loss of guessing, by more than this
# share; one at chance is above it by less than this share of equal classes'.
_BELOW, _ABOVE = 0.002, 0.03
# One that learns slowly falls by this share from window to window.
_FALLS = 0.0005
# Of a batch; the length need not be known precisely.
_EXAMPLES = 4


class Chance:
    """What a step keeps to tell whether training is stuck at chance.

    Attributes:
        trackers: The means over the Keras epoch so far of the compiled loss
            and of the length of what is embedded, and `LabelCounts`; no part
            of the logs.
        num_classes: Of the model, 2 of independent labels; `None` if its
            predictions are values, or no step was tracked.
        counts_as: `(head, label_smoothing)` of the counted labels, or `None`.
    """

    def __init__(self, terms):
        # Perturbed terms only: nothing else has an `epsilon`.
        attacked = [term for term in terms if hasattr(term, "attack")]
        self.attacks = [term.attack for term in attacked]
        self.relative = bool(attacked) and attacked[0].relative
        self.trackers = []
        if self.attacks:
            self.loss = keras.metrics.Mean(name="compiled_loss")
            self.size = keras.metrics.Mean(name="embedded_length")
            self.labels = LabelCounts()
            self.trackers = [self.loss, self.size, self.labels]
        self.num_classes = None
        self.counts_as = None

    @property
    def names(self):
        """The names of the trackers."""
        return [tracker.name for tracker in self.trackers]

    def track(self, loss, clean, y, sample_weight=None):
        """Keeps a step's compiled loss, its labels, and its examples' length.

        Args:
            loss: Scalar, without terms.
            clean: `CleanPass` of the labelled examples.
            y: Their labels.
            sample_weight: Their weights, or `None`.
        """
        logits = clean.logits
        if not self.trackers or keras.tree.is_nested(logits):
            return
        if clean.head not in (CLASSES, LABELS):
            return
        classes = logits.shape[-1] if clean.head is CLASSES else 2
        self.num_classes = max(classes, 2)
        compiled, head, weight = clean.outputs.loss(), clean.head, None
        if can_be_counted(compiled, y, logits, head, sample_weight):
            self.counts_as = head, getattr(compiled, "label_smoothing", 0.0)
            found = counted(y, logits, head, sample_weight)
            self.labels.update_state(*found)
            # The loss is a mean over these.
            weight = found[1][0]
        self.loss.update_state(loss, sample_weight=weight)
        mask = None if clean.mask is None else clean.mask[:_EXAMPLES]
        embedded = masked(clean.embedded[:_EXAMPLES], mask)
        norm = getattr(self.attacks[0], "norm", "l2")
        self.size.update_state(length(embedded, norm))

    def sums(self):
        """Returns what was added up since the Keras epoch began, a vector."""
        variables = self.loss.total, self.loss.count, *self.labels.variables
        arrays = (
            ops.convert_to_numpy(ops.convert_to_tensor(v)) for v in variables
        )
        return np.concatenate([np.ravel(a).astype("float64") for a in arrays])

    def judge(self, sums):
        """Returns what the sums of some steps tell, a `Judgement`."""
        total, count, *totals, known, right = sums
        loss = total / count if count else math.inf
        equal = math.log(self.num_classes)
        if self.counts_as is None:
            return Judgement(loss, equal, equal)
        guess, most, accuracy = guessing(
            np.reshape(totals, (2, -1)), (known, right), *self.counts_as
        )
        luck = 1.5 / math.sqrt(max(known, 1.0))
        return Judgement(loss, guess, equal, accuracy, most, luck)


@dataclasses.dataclass
class Judgement:
    """The loss and the accuracy of some steps, and those of guessing.

    Attributes:
        loss: Mean of the compiled loss, in nats.
        guess: That of guessing by the shares of the classes.
        equal: That of guessing if all classes were as frequent.
        accuracy: How often the model was right; `None` if not known.
        most: How often the most frequent class is right.
        luck: How much more often a model may be right by chance.
    """

    loss: float
    guess: float
    equal: float
    accuracy: float | None = None
    most: float = 1.0
    luck: float = 0.0

    @property
    def above(self):
        """How far the loss is above that of guessing, as a share of it."""
        return self.loss / self.guess - 1.0 if self.guess else math.inf

    @property
    def rate(self):
        """How often the model was right, in words; empty if not known."""
        if self.accuracy is None:
            return ""
        return (
            f" (and {self.accuracy:.1%} right, where always answering the "
            f"most frequent class is right of {self.most:.1%})"
        )

    @property
    def at_chance(self):
        near = -_BELOW < self.above < _ABOVE * self.equal / self.guess
        return near and (self.accuracy or 0.0) <= self.most + self.luck


class ChanceWarning(keras.callbacks.Callback):
    """Warns, once, of a training whose loss stays that of guessing.

    Looks at it every few dozen steps, no more: that waits for the device.

    Args:
        chance: `Chance` of the model.
    """

    def __init__(self, chance):
        super().__init__()
        self.chance = chance
        self.at_chance = self.steps = 0
        self.lowest = math.inf
        self.sums = self.seen = 0.0

    def on_train_begin(self, logs=None):
        steps = (self.params.get("steps") or 0) * self.params.get("epochs", 1)
        self.window = _LONGEST
        if steps:
            self.window = min(_LONGEST, max(_SHORTEST, steps // 10))

    def on_epoch_begin(self, epoch, logs=None):
        self.seen, self.looked, self.batch = 0.0, 0, 0

    def on_train_batch_end(self, batch, logs=None):
        self.batch = batch + 1
        if self.batch - self.looked >= self.window:
            self._look()

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def _look(self):
        if self.at_chance == _PATIENCE or self.chance.num_classes is None:
            return
        backend.sync_state(self.model)
        sums = self.chance.sums()
        self.sums, self.seen = self.sums + sums - self.seen, sums
        self.steps += self.batch - self.looked
        self.looked = self.batch
        if self.steps < self.window:
            return
        judged = self.chance.judge(self.sums)
        falls = judged.above < self.lowest - _FALLS < math.inf
        self.lowest = min(self.lowest, judged.above)
        if not judged.at_chance:
            self.at_chance = 0
        elif not falls:
            self.at_chance += 1
        self.sums, self.steps = 0.0, 0
        if self.at_chance == _PATIENCE:
            self._warn(judged)

    def _warn(self, judged):
        attack = self.chance.attacks[0]
        size = float(self.chance.size.result())
        epsilon = getattr(attack, "epsilon", None)
        if callable(epsilon):
            epsilon = float(epsilon(self.model.optimizer.iterations))
        epsilon = epsilon or 0.0
        share = epsilon / size if size else math.inf
        if self.chance.relative:
            share = epsilon
        warnings.warn(
            f"Training is stuck at chance: for {_PATIENCE * self.window} steps "
            f"the loss has been {judged.loss:.4f}, that of guessing "
            f"{judged.guess:.4f}{judged.rate}. `epsilon`={epsilon:g} "
            f"is {100 * share:.3g} % of an example's "
            f"embedded length, {size:.3g}: lower it (by four, say), start "
            "from a pretrained model, or let the term begin later by "
            "`start_step`.",
            stacklevel=2,
        )
