"""A training that ends when its time is over, as one that is finished."""

import time

import keras

from advtext import backend

# The rate is set anew whenever that share of the time has gone by.
_STEP = 0.002


class FinishAfter(keras.callbacks.Callback):
    """Ends a training after some time; the learning rate falls towards it.

    The rate is what its schedule has at the share of the time that was used,
    over all runs, taken as the share of the steps.

    Args:
        checkpoint: `advtext.training.Checkpoint`: knows the time used before,
            and is told where the training was `cut`.
        rate: `advtext.training.Decay`; the model is compiled with a number.
        minutes: Time of training, what is compiled in it included; of runs
            before a `resume`, up to their last checkpoint.
    """

    def __init__(self, checkpoint, rate, minutes):
        super().__init__()
        self.checkpoint = checkpoint
        self.rate = rate
        self.seconds = 60.0 * minutes

    def on_train_begin(self, logs=None):
        # Keras calls it before the first batch is made, or compiled.
        self.since = time.monotonic() - self.checkpoint.seconds
        self.last = None

    @property
    def share(self):
        """Share of the time that was used."""
        return min(1.0, (time.monotonic() - self.since) / self.seconds)

    def seconds_left(self):
        """Returns how much of the time is left."""
        return (1.0 - self.share) * self.seconds

    def on_train_batch_begin(self, batch, logs=None):
        share = self.share
        if self.last is None or share >= self.last + _STEP:
            self.last = share
            backend.sync_state(self.model)
            self.model.optimizer.learning_rate = self.at(share)

    def at(self, share):
        """Returns the learning rate at a share of the time."""
        return float(self.rate(share * self.rate.num_steps))

    def on_train_batch_end(self, batch, logs=None):
        if self.share == 1.0:
            # Of a Keras epoch, the batches that were trained.
            self.checkpoint.cut = batch + 1
            self.model.stop_training = True
