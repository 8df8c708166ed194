"""What every training run does around `fit`."""

import math
import time

import keras

from advtext import backend
from advtext.experiments import parallel, passes, peak
from advtext.experiments.event_log import EventLog
from advtext.experiments.finish_after import FinishAfter
from advtext.experiments.run_directory import RunDirectory
from advtext.training import Checkpoint, Progress, TimeLimit

# Keras epochs of a training that ends when its time is over.
_ENDLESS = 10**9


def start(config):
    """Seeds everything, and makes operations deterministic if asked to."""
    keras.utils.set_random_seed(config.seed)
    if config.deterministic:
        backend.enable_determinism()


def jit_compile(config):
    """Returns whether training steps are compiled by XLA."""
    return config.jit_compile or backend.STEPS_ARE_COMPILED


def adam(rate, config):
    """Returns Adam with a learning rate that falls, and clipping.

    Args:
        rate: `advtext.training.Decay`, or a number.
        config: `Config`.
    """
    if config.finish_after:
        # A variable, which is set as time goes by.
        rate = float(rate(0))
    clipnorm = config.clipnorm or None
    return keras.optimizers.Adam(rate, global_clipnorm=clipnorm)


def fit(plan, config):
    """Trains from the last checkpoint, or from the start, to the end.

    Training is cut into Keras epochs of about `checkpoint_steps` batches, with
    a checkpoint after each.

    Args:
        plan: `advtext.experiments.training_run.Plan`.
        config: `Config`; the run in its `run_dir` has begun.

    Returns:
        `(finished, seconds)`; not finished if `max_minutes` ran out.
    """
    run = RunDirectory(config.run_dir)
    average = plan.weight_average
    epochs = math.ceil(plan.num_steps / config.checkpoint_steps)
    plan.batches.steps = math.ceil(plan.num_steps / epochs)
    path = run.checkpoint if parallel.is_first(config) else None
    checkpoint = Checkpoint(path, plan.batches, average)
    done = _restore(checkpoint, plan, run, config) if config.resume else 0
    if config.finish_after:
        epochs = _ENDLESS
    if done < epochs and checkpoint.cut is None:
        callbacks = _callbacks(plan, config, checkpoint, done, epochs)
        with backend.matmul_dtype(config.matmul_dtype):
            plan.model.fit(
                plan.batches,
                initial_epoch=done,
                epochs=epochs,
                verbose=0,
                # Keras would shuffle the batches of an epoch: no text would go
                # on from batch to batch, no run could be resumed exactly.
                shuffle=False,
                callbacks=callbacks,
            )
    elif average is not None:
        average.set_model(plan.model)
        average.on_train_end()
    ended = checkpoint.cut is not None or len(checkpoint.history) == epochs
    return ended, checkpoint.seconds


def _restore(checkpoint, plan, run, config):
    """Returns how many Keras epochs are done already."""
    content = parallel.file_of_first(config, run.checkpoint)
    if content is None:
        return 0
    done = checkpoint.restore(plan.model, content)
    if parallel.is_first(config):
        run.write_history(passes.rows(checkpoint, _num_passes(plan, config)))
    return done


def _num_passes(plan, config):
    if config.finish_after:
        return math.inf
    return math.ceil(plan.num_steps / plan.batches.batches_per_pass)


def _callbacks(plan, config, checkpoint, done, epochs):
    """Returns what happens besides training, in the order it happens."""
    callbacks = [Finite()]
    if plan.weight_average is not None:
        callbacks.append(plan.weight_average)
    callbacks += [passes.Marks(checkpoint, plan.batches), Clock(checkpoint)]
    finish_after = None
    if config.finish_after:
        finish_after = FinishAfter(checkpoint, plan.rate, config.finish_after)
        callbacks.append(finish_after)
    if parallel.is_first(config):
        run = RunDirectory(config.run_dir)
        progress = _progress(plan, config, done, epochs, finish_after)
        log = EventLog(run.logs, run.claim)
        callbacks += [progress, checkpoint]
    else:
        run, log = None, EventLog(None)
        callbacks.append(checkpoint)
    num_passes = _num_passes(plan, config)
    callbacks += [log, _History(checkpoint, run, log, num_passes)]
    return [*callbacks, _SharedTimeLimit(config)]


def _progress(plan, config, done, epochs, finish_after):
    with backend.matmul_dtype(config.matmul_dtype):
        device_peak = peak.flops_per_second()
    batches = plan.batches
    return Progress(
        plan.label,
        epochs * batches.steps,
        batches.tokens_per_batch,
        done * batches.steps,
        device_peak * parallel.num_devices(config) / plan.flops,
        seconds_left=finish_after and finish_after.seconds_left,
    )


class _SharedTimeLimit(TimeLimit):
    """Stops all processes at once."""

    def __init__(self, config):
        super().__init__(config.max_minutes)
        self.config = config

    def is_over(self):
        return parallel.decided_by_first(self.config, super().is_over)


class Finite(keras.callbacks.Callback):
    """Ends a training that diverged, before its last checkpoint is lost.

    Args:
        advice: What to do about it.
    """

    def __init__(
        self,
        advice="Lower the learning rate or `epsilon`, or set `clipnorm`, and "
        "train anew with --overwrite.",
    ):
        super().__init__()
        self.advice = advice

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs or {}).items():
            if not math.isfinite(value):
                raise ValueError(
                    f"`{name}` has become {value}: training diverges. "
                    f"{self.advice}"
                )


class Clock(keras.callbacks.Callback):
    """Adds up the time spent training, for the checkpoint."""

    def __init__(self, checkpoint):
        super().__init__()
        self.checkpoint = checkpoint

    def on_train_begin(self, logs=None):
        self.since = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        now = time.monotonic()
        self.checkpoint.seconds += now - self.since
        self.since = now


class _History(keras.callbacks.Callback):
    """Writes `history.csv` after every checkpoint, and events after a pass.

    Args:
        checkpoint: `Checkpoint` of the training.
        run: Its `RunDirectory`; `None` writes no file.
        log: `EventLog`.
        num_passes: Passes of the whole training.
    """

    def __init__(self, checkpoint, run, log, num_passes):
        super().__init__()
        self.checkpoint = checkpoint
        self.run = run
        self.log = log
        self.num_passes = num_passes

    def on_train_begin(self, logs=None):
        self.told = 0
        if self.checkpoint.history:
            self.told = len(self._finished())

    def on_epoch_end(self, epoch, logs=None):
        if self.run is not None:
            history = passes.rows(self.checkpoint, self.num_passes)
            self.run.write_history(history)
        finished = self._finished()
        for number in range(self.told, len(finished)):
            self.log.write(number + 1, finished[number])
        self.told = len(finished)

    def _finished(self):
        """Returns the rows of passes that are over, the last at the end."""
        found = passes.rows(self.checkpoint, self.num_passes)
        ended = len(self.checkpoint.history) == self.params["epochs"]
        ended = ended or self.checkpoint.cut is not None
        if found[-1]["pass"] % 1 and not ended:
            found.pop()
        if len(found) == self.num_passes and not ended:
            found.pop()
        return found
