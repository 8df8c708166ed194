import contextlib

import keras
from keras import ops

from advtext import backend
from advtext.training.no_label import labels_kept, labels_known
from advtext.training.outputs import Outputs


class CompiledLoss(keras.Model):
    """Base of a training model: its compiled loss, of all or of one output.

    Examples without a label are left out of the loss and of the metrics.

    Attributes:
        compiled_outputs: `Outputs` of what was passed to `compile`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.compiled_outputs = Outputs()
        self._counted = None

    def loss_of(self, logits, x, y, sample_weight, name=None, training=True):
        """Returns the compiled loss of this device's rows, Keras' share undone.

        Gradients are averaged over the devices when they are applied.

        Args:
            logits: What the classifier gives; of a named output that alone.
            x: Inputs.
            y: Labels, or `None`.
            sample_weight: Their weights, or `None`.
            name: Name of the one output whose own loss, without its weight,
                is wanted.
            training: Whether the model is being trained.
        """
        outputs = self.compiled_outputs
        if name is None:
            loss = self.compute_loss(x, y, logits, sample_weight, training)
        else:
            one = Outputs(outputs.loss(name))
            if one.loss() is None:
                raise ValueError(
                    f"No loss is compiled for the output {name!r}, which a "
                    "term is to raise: name it in `compile(loss={...})`."
                )
            if keras.tree.is_nested(sample_weight):
                sample_weight = outputs.select(sample_weight, name)
            y = outputs.select(y, name)
            y, logits = one.known(y, logits, labels_known)
            loss = one.loss()(y, logits, sample_weight)
        return loss * backend.parallel.num_replicas()

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        if y is None:
            # One device's share, as Keras' own.
            share = sum(map(ops.sum, self.losses), 0.0)
            share = share / backend.parallel.num_replicas()
            return ops.convert_to_tensor(share)
        y, y_pred = self.compiled_outputs.known(y, y_pred, labels_known)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if y is None:
            return self.get_metrics_result()
        y, y_pred = self.compiled_outputs.known(y, y_pred, labels_kept)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    @property
    def losses(self):
        """Losses added by layers, and regularization; see `counting`."""
        return super().losses if self._counted is None else self._counted

    @contextlib.contextmanager
    def counting(self, added):
        """Sets which losses count for a while.

        Args:
            added: List of the losses that layers added, to be counted with
                regularization; `None` counts neither.
        """
        regularization = [
            v.regularizer(v)
            for v in self.trainable_weights
            if v.regularizer is not None
        ]
        self._counted = [] if added is None else [*added, *regularization]
        try:
            yield
        finally:
            self._counted = None
