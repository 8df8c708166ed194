import os
import sys
import time

import keras

from advtext.arguments import check_count, check_length
from advtext.quoting import quoted


class Progress(keras.callbacks.Callback):
    """One line on how far training is: loss, tokens per second, time left.

    And, if asked for, the share of the device's matrix-product peak.

    On a terminal the line is kept up to date; elsewhere a line is printed at
    the end of every Keras epoch.

    Args:
        label: What is being trained, a few words.
        num_steps: Batches of the whole training.
        tokens_per_batch: Mean number of real tokens (or what `unit` says) in a
            batch.
        done: Batches trained already.
        peak_rate: Batches a second if the device did nothing but their matrix
            products, to tell what share of that is reached; `None` leaves it
            out.
        unit: What the batches are counted in.
        seconds_left: Function that tells how long training will go on, where
            that is known and the number of batches is not; `None` otherwise.

    Raises:
        ValueError: If a number is negative, or none.

    Example:

    >>> from advtext.training import Progress
    >>> callback = Progress("pretrain", num_steps=100, tokens_per_batch=6400)
    """

    def __init__(
        self,
        label,
        num_steps,
        tokens_per_batch,
        done=0,
        peak_rate=None,
        unit="tokens",
        seconds_left=None,
    ):
        super().__init__()
        for name, text in (("label", label), ("unit", unit)):
            if not isinstance(text, str):
                raise TypeError(
                    f"`{name}` must be a string. Received: "
                    f"{name}={quoted(text)}."
                )
        if peak_rate is not None:
            peak_rate = check_length("peak_rate", peak_rate)
        self.label = label
        self.num_steps = check_count("num_steps", num_steps, at_least=0)
        self.tokens_per_batch = check_length(
            "tokens_per_batch", tokens_per_batch
        )
        self.peak_rate = peak_rate
        self.unit = unit
        self.seconds_left = seconds_left
        self.step = self.before = check_count("done", done, at_least=0)
        self.first = self.started = None

    def on_train_begin(self, logs=None):
        self.shown = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self.before = self.step

    def on_train_batch_end(self, batch, logs=None):
        # Of several steps in one call only the last is told.
        self.step = self.before + batch + 1
        if self.first is None:
            # The first batch is slow: functions are compiled in it.
            self.first, self.started = self.step, time.monotonic()
        if sys.stderr.isatty() and time.monotonic() > self.shown + 0.5:
            self.shown = time.monotonic()
            # A line that wraps could not be written over.
            width = os.get_terminal_size(sys.stderr.fileno()).columns
            line = self._line(logs)[: max(width - 1, 0) or None]
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

    def on_epoch_end(self, epoch, logs=None):
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        print(f"{clear}{self._line(logs)}", file=sys.stderr, flush=True)

    def _line(self, logs):
        of_all = "" if self.seconds_left else f"/{self.num_steps}"
        parts = [f"{self.label}  {self.step}{of_all}"]
        if self.step > self.first:
            seconds = max(time.monotonic() - self.started, 1e-9)
            rate = (self.step - self.first) / seconds
            if self.seconds_left:
                left = round(self.seconds_left())
            else:
                left = round((self.num_steps - self.step) / rate)
            parts.append(f"{left // 60}:{left % 60:02} left")
            parts.append(f"{rate * self.tokens_per_batch:,.0f} {self.unit}/s")
            if self.peak_rate:
                parts.append(f"{100 * rate / self.peak_rate:.1f} % of peak")
        # The loss itself before its parts.
        for name in sorted(logs or {}, key=lambda name: name != "loss"):
            parts.append(f"{name} {float(logs[name]):.4f}")
        return "  ".join(parts)
