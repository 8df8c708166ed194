import time

import keras

from advtext.arguments import check_length


class TimeLimit(keras.callbacks.Callback):
    """Stops training at the end of the Keras epoch in which time runs out.

    Args:
        minutes: Time from now on; 0 for no limit.

    Raises:
        ValueError: If `minutes` is no number of at least 0.

    Attributes:
        reached: Whether training was stopped.

    Example:

    >>> from advtext.training import TimeLimit
    >>> callback = TimeLimit(minutes=9.0)
    """

    def __init__(self, minutes):
        super().__init__()
        minutes = check_length("minutes", minutes)
        self.end = time.monotonic() + 60.0 * minutes if minutes else None
        self.reached = False

    def is_over(self):
        """Returns whether the time has run out."""
        return self.end is not None and time.monotonic() > self.end

    def on_epoch_end(self, epoch, logs=None):
        if self.is_over():
            self.reached = self.model.stop_training = True
