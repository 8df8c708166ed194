import dataclasses
import functools

import keras

from advtext import backend
from advtext.backend import at_least_float32
from advtext.kept_state import state_kept
from advtext.training.added_losses import counted
from advtext.training.clean_pass import CleanPass, Replay
from advtext.training.gradients import Gradients


class Passes:
    """The clean passes of one training step, and the gradients so far.

    Args:
        model: The `AdversarialTraining`.
        streams: List of the labelled and, where there are any, the unlabelled
            inputs.
        y: Labels of the first stream, or `None`.
        sample_weight: Their weights, or `None`.
    """

    def __init__(self, model, streams, y, sample_weight):
        self.model = model
        self.streams = streams
        self.y = y
        self.sample_weight = sample_weight
        self.gradients = Gradients(model.trainable_variables)
        self.slots = []
        self.cleans = []
        self.again = {}
        # Losses that were added while the labelled inputs were embedded.
        self.added = None
        classifier = model.classifier
        self.one_by_one = getattr(classifier, "classifies_from_inputs", False)

    def run(self, labels_suffice):
        """Runs the clean passes, the labelled one with its gradients.

        Args:
            labels_suffice: Whether no term looks at unlabelled inputs.

        Returns:
            `(loss, logits)` of the labelled inputs.
        """
        streams = self.streams[: 1 if labels_suffice else None]
        self._embed(streams[:1] if self.one_by_one else streams)
        clean, loss = self._labelled()
        self.cleans.append(clean)
        if len(streams) == 2:
            if self.one_by_one:
                self._embed(streams[1:])
            self.cleans.append(self._unlabelled(1, self.slots[1].embedded))
        return loss, clean.logits

    def _embed(self, streams):
        embed = self.model.classifier.embed
        embedded = self.gradients.embed(
            lambda: [
                [x, *losses]
                for x, losses in (
                    counted(self.model.classifier, embed, inputs)
                    for inputs in streams
                )
            ]
        )
        self.slots += [slot for slot, *_ in embedded]
        if self.added is None:
            _, *self.added = embedded[0]
            # Some `classify` begins at the inputs, and adds them again.
            self.added = [] if self.one_by_one else self.added

    def add(self, term, weight):
        """Adds the gradients of a term, times its weight.

        Returns:
            The value of the term, without its weight.
        """
        clean, slots = self._of(term)
        if backend.is_symbolic(clean.embedded):
            term.keep_settings()
        objectives, gradient, total = term.objectives(clean), None, 0.0
        while True:
            try:
                objective = objectives.send(gradient)
            except StopIteration:
                return total

            def scaled(*embedded, objective=objective):
                value = at_least_float32(objective(*embedded))
                if len(value.shape):
                    raise ValueError(
                        f"The objective of the term {term.name!r} must be a "
                        "scalar: take the mean over the batch. Received: "
                        f"shape {tuple(value.shape)}."
                    )
                return self.model.optimizer.scale_loss(value), value

            value, gradient = self.gradients.differentiate(
                scaled, slots, weight
            )
            total = total + value

    def _of(self, term):
        """Returns the clean pass that a term is about, and its slots.

        Raises:
            ValueError: If the term needs labels, and there are none.
        """
        if term.needs_labels and self.y is None:
            raise ValueError(
                f"The term {term.name!r} needs labels, and the batch has none: "
                "pass `y`, or train without the term."
            )
        stream = 0 if term.needs_labels else len(self.cleans) - 1
        clean, slots = self.cleans[stream], [self.slots[stream]]
        embedded = self.gradients.in_turn(clean.embedded)
        step = self.model.optimizer.iterations
        clean = dataclasses.replace(clean, embedded=embedded, step=step)
        if term.second_pass:
            if stream not in self.again:
                self.again[stream] = self._again(stream)
            again, slot = self.again[stream]
            clean = dataclasses.replace(clean, again=again)
            slots.append(slot)
        return clean.at(term.output), slots

    def _classify(self, stream, moves=True):
        """Returns the mask, and `classify` whose masks are drawn only once.

        It returns the logits, and the losses that were added meanwhile.
        """
        classifier, inputs = self.model.classifier, self.streams[stream]
        mask = classifier.compute_mask(inputs)
        classify = functools.partial(
            counted, classifier, classifier.given(inputs, mask=mask)
        )
        return mask, Replay(classify, classifier.non_trainable_variables, moves)

    def _labelled(self):
        mask, classify = self._classify(0)
        loss_of, optimizer = self.model.loss_of, self.model.optimizer
        labels = self.streams[0], self.y, self.sample_weight
        more = False

        def objective(embedded, *added):
            nonlocal more
            logits, losses = classify(embedded)
            # Losses that layers added, which depend on what is embedded.
            more = bool(losses)
            with self.model.counting([*added, *losses]):
                loss = loss_of(logits, *labels)
            return optimizer.scale_loss(loss), (loss, logits)

        def label_loss(logits, name=None):
            # Trackers, layers and regularization are of the clean loss.
            several = keras.tree.is_nested(logits)
            kept = self.model.metrics_variables if several else ()
            with state_kept(kept), self.model.counting(None):
                return loss_of(logits, *labels, name)

        (loss, logits), gradient = self.gradients.differentiate(
            objective, [self.slots[0], *self.added]
        )
        clean = CleanPass(
            self.slots[0].embedded,
            mask,
            logits,
            lambda embedded: classify(embedded)[0],
            label_loss,
            None if more else gradient,
            outputs=self.model.compiled_outputs,
            scale_loss=optimizer.scale_loss,
        )
        return clean, loss

    def _unlabelled(self, stream, embedded, moves=True):
        mask, classify = self._classify(stream, moves)
        embedded = self.gradients.in_turn(embedded)
        return CleanPass(
            embedded,
            mask,
            classify(embedded)[0],
            lambda embedded: classify(embedded)[0],
            outputs=self.model.compiled_outputs,
            scale_loss=self.model.optimizer.scale_loss,
        )

    def _again(self, stream):
        """Returns another pass over a stream, with new masks, and its slot.

        The state it leaves is that of the clean passes alone: the next step
        begins as in plain training, with the masks that were new here.
        """
        classifier = self.model.classifier
        with state_kept(classifier.non_trainable_variables):
            inputs = self.streams[stream]
            ((slot,),) = self.gradients.embed(
                lambda: [[counted(classifier, classifier.embed, inputs)[0]]]
            )
            again = self._unlabelled(stream, slot.embedded, moves=False)
        return again, slot
