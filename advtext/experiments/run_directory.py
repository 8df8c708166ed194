import contextlib
import csv
import io
import json
import zipfile
from pathlib import Path

import keras

from advtext import config as config_files
from advtext.atomic_file import atomic_file
from advtext.data import load_tokenizer

_KINDS = {
    "language_model.keras": "pretraining run",
    "classifier.keras": "training run",
}
# What reading a damaged Keras file may raise.
_DAMAGE = (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile)


class RunDirectory:
    """The folder that holds everything a run reads and leaves behind.

    `config.toml`, `tokenizer.json`, `checkpoint.npz`, `history.csv`, the
    model, and, when the run is finished, `metrics.json`.

    Args:
        path: The folder.

    Raises:
        ValueError: If `path` is empty.
    """

    def __init__(self, path):
        if not str(path):
            raise ValueError(
                "`run_dir` is empty: name the folder for the outputs, for "
                "example --run_dir=runs/a."
            )
        self.path = Path(path)
        self.checkpoint = self.path / "checkpoint.npz"
        self.logs = self.path / "logs"

    def __truediv__(self, name):
        return self.path / name

    @property
    def begun(self):
        """Whether a run was begun here."""
        return (self.path / "config.toml").is_file()

    @property
    def finished(self):
        """Whether a run ended here."""
        return (self.path / "metrics.json").is_file()

    def config(self, overrides=None, kind=config_files.Config):
        """Returns the configuration, of class `kind`, of the run here."""
        return config_files.load(self._there("config.toml"), overrides, kind)

    def tokenizer(self):
        """Returns the tokenizer of the run that is here."""
        return load_tokenizer(self._there("tokenizer.json"))

    def metrics(self):
        """Returns `metrics.json` of the run that is here."""
        path = self._there("metrics.json")
        try:
            return dict(json.loads(path.read_text("utf-8")))
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{path} is truncated or damaged ({error}). Take it away; "
                "--resume writes it again."
            ) from error

    def class_names(self):
        """Returns the names of the classes of the training run here."""
        names = self.metrics().get("class_names")
        if not names:
            raise ValueError(
                f"{self.path / 'metrics.json'} has no `class_names`: it is "
                "not of a training run, or of another version of advtext. "
                "Train anew."
            )
        return tuple(names)

    def load_model(self, name):
        """Returns a saved Keras model of the finished run that is here.

        Raises:
            FileNotFoundError: If the run is not finished, or of another kind.
            ValueError: If the file is damaged.
        """
        self._there("metrics.json")
        path = self._there(name)
        try:
            # Keras would say of a truncated file that there is none.
            zipfile.ZipFile(path).close()
            return keras.models.load_model(path, compile=False)
        except _DAMAGE as error:
            raise ValueError(
                f"{path} is truncated or damaged ({error}). Take metrics.json "
                "away; --resume then writes both again."
            ) from error

    def _there(self, name):
        path = self.path / name
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is not there. Name the directory of a finished "
                f"{_KINDS.get(name, 'run')}, or finish this one."
            )
        return path

    def save_config(self, config):
        """Writes `config.toml`, whole or not at all."""
        config_files.save(config, self.path / "config.toml")

    def save_tokenizer(self, tokenizer):
        """Writes `tokenizer.json`, whole or not at all."""
        with naming(self.path / "tokenizer.json"):
            tokenizer.save(self.path / "tokenizer.json")

    def write_text(self, name, text):
        """Writes a UTF-8 file, whole or not at all."""
        with naming(self.path / name), atomic_file(self.path / name) as file:
            file.write(text.encode("utf-8"))

    def write_json(self, name, content):
        """Writes a JSON file, whole or not at all."""
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        self.write_text(name, text)

    def write_history(self, history):
        """Writes `history.csv`: a row per Keras epoch."""
        names = sorted({name for row in history for name in row})
        text = io.StringIO()
        writer = csv.DictWriter(text, ["epoch", *names], lineterminator="\n")
        writer.writeheader()
        for epoch, row in enumerate(history, 1):
            writer.writerow({"epoch": epoch, **row})
        self.write_text("history.csv", text.getvalue())

    def save_model(self, model, name):
        """Saves a Keras model, whole or not at all."""
        temporary = self.path / f"saving_{name}"
        try:
            with naming(self.path / name):
                model.save(temporary)
                temporary.replace(self.path / name)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def naming(what):
    """Names in an `OSError` what could not be written."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"Cannot write {what}: {reason}") from error
