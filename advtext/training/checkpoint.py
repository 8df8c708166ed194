import io
import json

import keras
import numpy as np

from advtext.arguments import check_path
from advtext.atomic_file import atomic_file
from advtext.failures import reading
from advtext.quoting import printable


class Checkpoint(keras.callbacks.Callback):
    """Saves all that training needs to go on exactly where it stopped.

    At the end of every Keras epoch: weights, random states, optimizer,
    averaged weights and history, in one file that is replaced as a whole. A
    run killed at any moment loses at most the epoch it was in, and with
    deterministic operations and `fit(shuffle=False)` ends, resumed, as if it
    had not been killed.

    Args:
        path: The file, `*.npz`; `None` writes none (of several processes that
            train together one is enough).
        batches: The `advtext.data.Batches` that `fit` reads.
        weight_average: The `WeightAverage` of the same `fit`, or `None`; it
            must come before the checkpoint in the list of callbacks.

    Attributes:
        history: One dict of logs for every finished epoch.
        marks: What other callbacks note meanwhile, as JSON keeps it.
        seconds: Time spent training so far, over all runs.
        cut: Batches of the last epoch, if another callback ended the training
            in the midst of it for good; else `None`.

    Example:

    >>> from advtext.training import Checkpoint
    >>> callback = Checkpoint("runs/a/checkpoint.npz", batches=None)
    >>> callback.history
    []
    """

    def __init__(self, path, batches, weight_average=None):
        super().__init__()
        self.path = None if path is None else check_path("path", path)
        self.batches = batches
        self.weight_average = weight_average
        self.history = []
        self.marks = []
        self.seconds = 0.0
        self.cut = None

    def on_epoch_end(self, epoch, logs=None):
        self.history.append(
            {name: float(value) for name, value in (logs or {}).items()}
        )
        self.save()

    @property
    def _name(self):
        return self.path or "of the first process"

    def _variables(self):
        return [*self.model.variables, *self.model.optimizer.variables]

    def save(self):
        """Writes the file, if it has a path.

        Raises:
            OSError: If it cannot be written; the one before stays.
        """
        if self.path is None:
            return
        average = self.weight_average
        arrays = {
            f"variable_{i}": np.asarray(v)
            for i, v in enumerate(self._variables())
        }
        for i, array in enumerate(average.get_state() if average else ()):
            arrays[f"average_{i}"] = array
        state = {"history": self.history, "seconds": self.seconds}
        state |= {"marks": self.marks, "cut": self.cut}
        state["num_updates"] = average.num_updates if average else 0
        state["arrays"] = list(arrays)
        arrays["state"] = np.frombuffer(json.dumps(state).encode(), "uint8")
        try:
            with atomic_file(self.path) as file:
                np.savez(file, **arrays)
        except OSError as error:
            raise OSError(
                error.errno,
                f"Cannot write the checkpoint {printable(self.path)}: "
                f"{error.strerror}. "
                "Free some space or make the folder writable; then `resume` "
                "goes on from the checkpoint before",
            ) from error

    def restore(self, model, content=None):
        """Puts the state of the file into a compiled, built model.

        Args:
            model: The model.
            content: The bytes of the file; read from `path` by default.

        Returns:
            The number of epochs that are done, for `fit(initial_epoch=...)`.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is truncated, or of another model.
        """
        if getattr(model, "optimizer", None) is None:
            raise ValueError(
                "A checkpoint goes into a compiled model: call "
                "model.compile(...) with the optimizer of the training first."
            )
        self.set_model(model)
        model.optimizer.build(model.trainable_variables)
        if content is None:
            content = self.path.read_bytes()
        name = f"The checkpoint {self._name}"
        with reading(name, "Train anew with `overwrite`."):
            with np.load(io.BytesIO(content)) as archive:
                arrays = dict(archive)
            state = json.loads(arrays.pop("state").tobytes())
            # Arrays have sums of their own; the list of them has none.
            if state.get("arrays", list(arrays)) != list(arrays):
                raise ValueError("some of its arrays are not in it")
        variables = self._variables()
        values = [
            arrays.pop(f"variable_{i}", None) for i in range(len(variables))
        ]
        shapes = [None if v is None else v.shape for v in values]
        more = any(name.startswith("variable_") for name in arrays)
        if more or shapes != [tuple(v.shape) for v in variables]:
            raise ValueError(
                f"The checkpoint {self._name} belongs to another model: its "
                "weights have other shapes. Train anew with `overwrite`."
            )
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        if self.weight_average and arrays:
            self.weight_average.set_state(
                state["num_updates"],
                [arrays[f"average_{i}"] for i in range(len(arrays))],
            )
        self.history = state["history"]
        self.marks = state.get("marks", [])
        self.seconds = state["seconds"]
        self.cut = state.get("cut")
        self.batches.seek(len(self.history) * self.batches.num_batches)
        return len(self.history)
