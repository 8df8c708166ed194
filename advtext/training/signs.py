"""Labels of -1 and +1, where only 0 and 1 are classes."""

import warnings

import keras
from keras import ops

from advtext import backend
from advtext.heads import LABELS, head_of
from advtext.training.no_label import may_be_none


class Signs(keras.metrics.Metric):
    """Counts labels of -1, of 1 and of any class; no part of the logs."""

    def __init__(self):
        super().__init__(name="signs", dtype="float32")
        self.counts = self.add_variable((3,), "zeros", dtype="float32")

    def update_state(self, y, loss):
        """Counts the labels of a batch.

        Args:
            y: Labels of one output; of several outputs nothing is counted.
            loss: Keras loss of that output; only of a binary cross-entropy
                the labels are counted.
        """
        if keras.tree.is_nested(y) or head_of(loss) is not LABELS:
            return
        if may_be_none(loss, y):
            y = ops.convert_to_tensor(y)
            kinds = [y == -1, y == 1, y >= 0]
            numbers = [ops.sum(ops.cast(kind, "float32")) for kind in kinds]
            self.counts.assign(self.counts + ops.stack(numbers))

    def result(self):
        """Returns no logs."""
        return {}

    def are_all(self):
        """Returns whether there were labels of -1, of 1, and no others."""
        counts = ops.convert_to_numpy(ops.convert_to_tensor(self.counts))
        negative, positive, known = counts
        return bool(negative and positive and positive == known)


class SignsWarning(keras.callbacks.Callback):
    """Warns of labels -1 and 1 after the first Keras epoch.

    `fit` refuses arrays of such labels; those that come batch by batch are
    known when they have passed.

    Args:
        signs: `Signs` of the model.
    """

    def __init__(self, signs):
        super().__init__()
        self.signs = signs
        self.looked = False

    def on_epoch_end(self, epoch, logs=None):
        if self.looked:
            return
        self.looked = True
        backend.sync_state(self.model)
        if self.signs.are_all():
            warnings.warn(
                "All labels so far are -1 or 1, and -1 stands for no label: "
                "to the binary cross-entropy only those of 1 count. If -1 is "
                "a class, make the classes 0 and 1: y = (y + 1) / 2. If it is "
                "none, add examples of class 0, which there are none of.",
                stacklevel=2,
            )
