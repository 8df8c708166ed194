import os
import socket
import time

import keras
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from advtext.experiments.run_directory import naming


class EventLog(keras.callbacks.Callback):
    """Logs passes over the data for TensorBoard, on any backend.

    `keras.callbacks.TensorBoard` needs TensorFlow. The tags are the same
    (`epoch_loss`, ...), and the step is the number of the pass, from 1.

    Args:
        path: The folder, a `Path`; `train` is made in it. `None` writes
            nothing (of several processes that train together one is enough).
        claim: Function that is told the file's name before it is written,
            relative to the folder that `path` lies in.

    Raises:
        OSError: If the log cannot be written (while training).

    Example:

    >>> from pathlib import Path
    >>> from advtext.experiments.event_log import EventLog
    >>> callback = EventLog(Path("runs/a/logs"))
    """

    def __init__(self, path, claim=None):
        super().__init__()
        self.path = path
        self.claim = claim

    def on_train_begin(self, logs=None):
        if self.path is None:
            return
        name = f"{time.time():.6f}.{socket.gethostname()}.{os.getpid()}"
        with naming(f"the logs in {self.path}"):
            (self.path / "train").mkdir(parents=True, exist_ok=True)
        self.file = self.path / f"train/events.out.tfevents.{name}"
        if self.claim is not None:
            self.claim(f"{self.path.name}/train/{self.file.name}")
        self._write(file_version="brain.Event:2")

    def write(self, number, logs):
        """Logs a pass.

        Args:
            number: Which pass, from 1.
            logs: Dict of its means.
        """
        logs = dict(logs)
        # A computation of all processes, whether they write or not.
        logs["learning_rate"] = self.model.optimizer.learning_rate
        values = [
            Summary.Value(tag=f"epoch_{name}", simple_value=float(value))
            for name, value in logs.items()
        ]
        self._write(step=number, summary=Summary(value=values))

    def _write(self, **fields):
        if self.path is None:
            return
        event = Event(wall_time=time.time(), **fields)
        with naming(f"the logs in {self.path}"):
            with self.file.open("ab") as file:
                RecordWriter(file).write(event.SerializeToString())
