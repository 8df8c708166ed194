import math
import warnings

import keras
from keras import ops

from advtext import backend
from advtext.attacks.broadcast import masked
from advtext.attacks.norms import length
from advtext.heads import CLASSES, LABELS

# Steps of a window, at most and at least; shorter trainings have shorter ones.
_LONGEST, _SHORTEST = 50, 10
# So many windows at chance, one after the other, are no slow start.
_PATIENCE = 3
# A training that learns soon is below, by more than this share.
_BELOW, _ABOVE = 0.002, 0.03
# Of a batch; the length need not be known precisely.
_EXAMPLES = 4


class Chance:
    """What a step keeps to tell whether training is stuck at chance.

    Attributes:
        trackers: The means over the Keras epoch so far of the compiled loss
            and of the length of what is embedded; no part of the logs.
        loss: The loss of a model that only guesses, in nats, or `None`.
    """

    def __init__(self, terms):
        # Perturbed terms only: nothing else has an `epsilon`.
        attacked = [term for term in terms if hasattr(term, "attack")]
        self.attacks = [term.attack for term in attacked]
        self.relative = bool(attacked) and attacked[0].relative
        self.trackers = [
            keras.metrics.Mean(name=name)
            for name in ("compiled_loss", "embedded_length")
            if self.attacks
        ]
        self.loss = None

    @property
    def names(self):
        """The names of the trackers."""
        return [tracker.name for tracker in self.trackers]

    def track(self, loss, clean):
        """Keeps a step's compiled loss, and how long its examples are.

        Args:
            loss: Scalar, without terms.
            clean: `CleanPass` of the labelled examples.
        """
        if not self.trackers or keras.tree.is_nested(clean.logits):
            return
        if clean.head not in (CLASSES, LABELS):
            return
        classes = clean.logits.shape[-1] if clean.head is CLASSES else 2
        self.loss = math.log(max(classes, 2))
        mask = None if clean.mask is None else clean.mask[:_EXAMPLES]
        embedded = masked(clean.embedded[:_EXAMPLES], mask)
        sizes = length(embedded, getattr(self.attacks[0], "norm", "l2"))
        for tracker, value in zip(self.trackers, (loss, sizes), strict=True):
            tracker.update_state(value)


class ChanceWarning(keras.callbacks.Callback):
    """Warns, once, of a training whose loss stays that of guessing.

    Looks at it every few dozen steps, no more: that waits for the device.

    Args:
        chance: `Chance` of the model.
    """

    def __init__(self, chance):
        super().__init__()
        self.chance = chance
        self.at_chance = 0
        self.total = self.count = 0.0
        self.seen = 0.0, 0.0

    def on_train_begin(self, logs=None):
        steps = (self.params.get("steps") or 0) * self.params.get("epochs", 1)
        self.window = _LONGEST
        if steps:
            self.window = min(_LONGEST, max(_SHORTEST, steps // 10))

    def on_epoch_begin(self, epoch, logs=None):
        self.seen, self.looked = (0.0, 0.0), 0

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 - self.looked >= self.window:
            self.looked = batch + 1
            self._look()

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def _look(self):
        if self.at_chance == _PATIENCE or self.chance.loss is None:
            return
        backend.sync_state(self.model)
        loss = self.chance.trackers[0]
        seen = tuple(
            float(ops.convert_to_numpy(ops.convert_to_tensor(v)))
            for v in (loss.total, loss.count)
        )
        self.total += seen[0] - self.seen[0]
        self.count += seen[1] - self.seen[1]
        self.seen = seen
        if self.count < self.window:
            return
        ratio = self.total / self.count / self.chance.loss
        self.total = self.count = 0.0
        stuck = 1.0 - _BELOW < ratio < 1.0 + _ABOVE
        self.at_chance = self.at_chance + 1 if stuck else 0
        if self.at_chance == _PATIENCE:
            self._warn(ratio)

    def _warn(self, ratio):
        attack = self.chance.attacks[0]
        size = float(self.chance.trackers[1].result())
        epsilon = getattr(attack, "epsilon", None)
        if callable(epsilon):
            epsilon = float(epsilon(self.model.optimizer.iterations))
        epsilon = epsilon or 0.0
        share = epsilon / size if size else math.inf
        if self.chance.relative:
            share = epsilon
        warnings.warn(
            f"Training is stuck at chance: for {_PATIENCE * self.window} steps "
            f"the loss has been {ratio * self.chance.loss:.4f}, that of "
            f"guessing {self.chance.loss:.4f}. `epsilon`={epsilon:g} "
            f"is {100 * share:.3g} % of an example's "
            f"embedded length, {size:.3g}: lower it (by four, say), start "
            "from a pretrained model, or let the term begin later by "
            "`start_step`.",
            stacklevel=2,
        )
