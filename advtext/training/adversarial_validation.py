import keras

from advtext.arguments import check_count
from advtext.attacks.arguments import as_array
from advtext.evaluation import score
from advtext.evaluation.arguments import check_attack


class AdversarialValidation(keras.callbacks.Callback):
    """Measures the error on adversarial examples after every epoch.

    Adds it to the epoch's logs, where the callbacks that follow find it: to
    stop early on it, put it before `keras.callbacks.EarlyStopping` with
    `monitor="val_adversarial_error"`. The error on clean validation data goes
    on falling little when this one still tells trainings apart.

    Args:
        attack: An attack, such as `FastGradient(0.25, norm="linf")`.
        x: Validation inputs `(number, ...)`.
        y: Their labels, integers.
        batch_size: Examples at a time.
        name: Name in the logs; the value is in percent.

    Raises:
        TypeError: If `attack` is no attack.
        ValueError: If it is targeted, or another argument is wrong.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from advtext.attacks import FastGradient
    >>> from advtext.training import AdversarialValidation
    >>> x, y = np.zeros((10, 4), "float32"), np.zeros(10, "int32")
    >>> validation = AdversarialValidation(FastGradient(0.1), x, y)
    >>> callbacks = [validation, keras.callbacks.EarlyStopping(
    ...     monitor="val_adversarial_error", mode="min", patience=10)]

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 6
    """

    def __init__(
        self, attack, x, y, batch_size=1000, name="val_adversarial_error"
    ):
        super().__init__()
        check_attack(attack)
        self.attack = attack
        self.x = as_array("x", x)
        self.y = as_array("y", y)
        if self.y.shape != self.x.shape[:1] or not len(self.y):
            raise ValueError(
                "`y` must be one integer label for each example of `x`, of "
                "which there must be some. "
                f"Received: x.shape={self.x.shape}, y.shape={self.y.shape}."
            )
        whole = self.y.dtype.kind in "biuf" and not (self.y % 1).any()
        if not whole or (self.y < 0).any():
            raise ValueError(
                "`y` must hold classes, integers of at least 0. Received: "
                f"{self.y.dtype}, the first of them {self.y[:3].tolist()}."
            )
        self.batch_size = check_count("batch_size", batch_size)
        self.name = name

    def error(self):
        """Returns the error on adversarial examples, in percent."""
        examples = self.attack(
            self.model, self.x, self.y, batch_size=self.batch_size
        )
        return score(self.model, examples, self.y, batch_size=self.batch_size)[
            "error"
        ]

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs[self.name] = self.error()
