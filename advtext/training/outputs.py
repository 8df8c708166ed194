import keras
import numpy as np

from advtext.heads import LABELS, VALUES, head_of
from advtext.nearest import did_you_mean
from advtext.training.no_label import are_signs, rows_known


class Outputs:
    """The outputs of a model by name, and the losses compiled for them.

    Args:
        loss: What was passed to `compile`.
        names: Names of outputs that come in a list, or `None`.
    """

    def __init__(self, loss=None, names=None):
        self.compiled = loss
        self.names = names

    def select(self, structure, name):
        """Returns what belongs to a named output.

        Args:
            structure: Logits or labels: a dict, a list, or of one output.
            name: The name, or the number in a list; `None` returns all.

        Raises:
            ValueError: If there is no such output.
        """
        if name is None:
            return structure
        names = self._names(structure)
        if isinstance(name, int) and isinstance(structure, (list, tuple)):
            names = list(range(len(structure)))
        if name in names:
            if not keras.tree.is_nested(structure):
                return structure
            in_dict = isinstance(structure, dict)
            return structure[name if in_dict else names.index(name)]
        hint = did_you_mean(str(name), list(map(str, names)))
        raise ValueError(
            f"The model has no output {name!r}.{hint} Its outputs: "
            f"{', '.join(map(repr, names)) or 'one, without a name'}."
        )

    def _names(self, structure):
        if isinstance(structure, dict):
            return list(structure)
        if isinstance(structure, (list, tuple)):
            return list(self.names or range(len(structure)))
        return list(self.names or ())

    def loss(self, name=None):
        """Returns the Keras loss of an output, or `None`."""
        loss = self.compiled
        if keras.tree.is_nested(loss):
            if len(loss) == 1:
                loss = next(iter(keras.tree.flatten(loss)))
            elif isinstance(loss, dict):
                loss = loss.get(name)
            else:
                loss = None if name is None else self.select(loss, name)
        if isinstance(loss, str):
            loss = keras.losses.get(loss)
        if loss is None or isinstance(loss, keras.losses.Loss):
            return loss
        return _FunctionLoss(loss)

    def head(self, logits, name=None):
        """Returns the `Head` of an output.

        Raises:
            ValueError: If there are several and none is named.
        """
        if keras.tree.is_nested(logits):
            names = ", ".join(map(repr, self._names(logits)))
            raise ValueError(
                "The model has several outputs: tell the term which one to "
                f"take, output=... of {names}."
            )
        loss = self.loss(name)
        head = head_of(getattr(loss, "function", loss))
        if head is not VALUES and len(logits.shape) < 2:
            raise ValueError(
                "The model must give logits of shape (batch, num_classes) or "
                f"(batch, 1). Received: shape {tuple(logits.shape)}."
            )
        return head

    def check_labels(self, y):
        """Raises `ValueError` if -1 seems to stand for a class.

        Args:
            y: All labels: an array, or a dict or list of them for several
                outputs. Others, such as data sets, pass.
        """
        if isinstance(y, (list, tuple)) and not keras.tree.is_nested(y[:1]):
            y = np.asarray(y)
        names = self._names(y) if keras.tree.is_nested(y) else [None]
        each = keras.tree.flatten(y) if names != [None] else [y]
        for name, labels in zip(names, each, strict=False):
            if head_of(self.loss(name)) is LABELS and are_signs(labels):
                raise ValueError(
                    "All labels are -1 or 1, and -1 stands for no label: to "
                    "the binary cross-entropy only those of 1 would count. "
                    "Make the classes 0 and 1: y = (y + 1) / 2."
                )

    def known(self, y, logits, known=None):
        """Leaves out the examples without label, those of label -1 or NaN.

        Their logits are masked, so that losses and metrics are means over
        the others, and their labels become 0. Of losses that may know a label
        of -1 (other than cross-entropies) nothing is changed.

        Args:
            y: Labels, like `logits`; or `None`.
            logits: Logits, or a dict or list of them.
            known: What does so for one output, `(loss, y, logits)` to
                `(y, logits)`: `rows_known` by default, or `labels_known`, or
                `labels_kept`.

        Returns:
            `(y, logits)`.
        """
        known = known or rows_known
        if not keras.tree.is_nested(logits):
            if keras.tree.is_nested(y):
                return y, logits
            return known(self.loss(), y, logits)
        names = self._names(logits)
        y, logits = _copied(y), _copied(logits)
        if type(y) is not type(logits):
            return y, logits
        for name, key in zip(names, _keys(logits), strict=True):
            if key in _keys(y):
                y[key], logits[key] = known(
                    self.loss(name), y[key], logits[key]
                )
        return y, logits


def _copied(structure):
    if isinstance(structure, dict):
        return dict(structure)
    return list(structure) if isinstance(structure, tuple) else structure


def _keys(structure):
    if isinstance(structure, dict):
        return list(structure)
    return range(len(structure))


class _FunctionLoss(keras.losses.Loss):
    """A function as a Keras loss."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred)
