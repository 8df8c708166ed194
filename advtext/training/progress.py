import sys
import time

import keras


class Progress(keras.callbacks.Callback):
    """One line on how far training is: loss, tokens per second, time left.

    On a terminal the line is kept up to date; elsewhere a line is printed at
    the end of every Keras epoch.

    Args:
        label: What is being trained, a few words.
        num_steps: Batches of the whole training.
        tokens_per_batch: Mean number of real tokens in a batch.
        done: Batches trained already.

    Example:

    >>> from advtext.training import Progress
    >>> callback = Progress("pretrain", num_steps=100, tokens_per_batch=6400)
    """

    def __init__(self, label, num_steps, tokens_per_batch, done=0):
        super().__init__()
        self.label = label
        self.num_steps = num_steps
        self.tokens_per_batch = tokens_per_batch
        self.first = self.step = done

    def on_train_begin(self, logs=None):
        self.started = self.shown = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if sys.stderr.isatty() and time.monotonic() > self.shown + 0.5:
            self.shown = time.monotonic()
            print(f"\r\033[K{self._line(logs)}", end="", file=sys.stderr)

    def on_epoch_end(self, epoch, logs=None):
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        print(f"{clear}{self._line(logs)}", file=sys.stderr, flush=True)

    def _line(self, logs):
        seconds = time.monotonic() - self.started
        rate = (self.step - self.first) / max(seconds, 1e-9)
        left = (self.num_steps - self.step) / max(rate, 1e-9)
        losses = "  ".join(
            f"{name} {float(value):.4f}" for name, value in (logs or {}).items()
        )
        return (
            f"{self.label}  {self.step}/{self.num_steps}  {losses}  "
            f"{rate * self.tokens_per_batch:,.0f} tokens/s  "
            f"{left // 60:.0f}:{left % 60:02.0f} left"
        )
