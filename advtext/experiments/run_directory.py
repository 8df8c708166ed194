import csv
import io
import json
import os
import shutil
from pathlib import Path

from advtext import config as config_files
from advtext.atomic_file import atomic_file, temporary_path
from advtext.data import load_tokenizer
from advtext.data.writing import naming
from advtext.experiments import saved_model
from advtext.failures import reading
from advtext.owned_folder import OwnedFolder
from advtext.quoting import printable

_KINDS = {
    "language_model.keras": "pretraining run",
    "classifier.keras": "training run",
}


class RunDirectory:
    """The folder that holds everything a run reads and leaves behind.

    `config.toml`, `tokenizer.json`, `checkpoint.npz`, `history.csv`, the
    model, when the run is finished `metrics.json`, and the list of these
    files, `advtext.json`.

    Args:
        path: The folder.
        within: `RunDirectory` that lists the files of this one; by default it
            has a list of its own.

    Raises:
        ValueError: If `path` is empty.
    """

    def __init__(self, path, within=None):
        if not str(path):
            raise ValueError(
                "`run_dir` is empty: name the folder for the outputs, for "
                "example --run_dir=runs/a."
            )
        self.path = Path(path)
        self.checkpoint = self.path / "checkpoint.npz"
        self.logs = self.path / "logs"
        self.owned = within.owned if within else OwnedFolder(path)

    def __truediv__(self, name):
        return self.path / name

    @property
    def begun(self):
        """Whether a run was begun here."""
        if self.owned.exists():
            return self.owned.facts().get("begun", False)
        return (self.path / "config.toml").is_file()

    @property
    def finished(self):
        """Whether a run ended here."""
        # Some files of a run that is being replaced may be there yet.
        there = self.begun or not self.owned.exists()
        return there and (self.path / "metrics.json").is_file()

    def config(self, overrides=None, kind=config_files.Config):
        """Returns the complete configuration, a `kind`, of the run here."""
        return config_files.load(
            self._there("config.toml"), overrides, kind, complete=True
        )

    def tokenizer(self):
        """Returns the tokenizer of the run that is here."""
        tokenizer = load_tokenizer(self._there("tokenizer.json"))
        self._check_sum("tokenizer.json", "train anew with --overwrite")
        return tokenizer

    def metrics(self, needed=()):
        """Returns `metrics.json` of the run that is here.

        Args:
            needed: Keys that must be in it.
        """
        path = self._there("metrics.json")
        with reading(path, "Take it away; --resume writes it again."):
            metrics = dict(json.loads(path.read_text("utf-8")))
        self._check_sum("metrics.json", "take it away: --resume writes it")
        for key in needed:
            if key not in metrics:
                raise ValueError(
                    f"{printable(path)} has no `{key}`: it is not of such a "
                    "run, or of "
                    "another version of advtext. Take it away; --resume writes "
                    "it again."
                )
        return metrics

    def class_names(self):
        """Returns the names of the classes of the training run here."""
        names = self.metrics().get("class_names")
        if (
            not isinstance(names, list)
            or not names
            or not all(isinstance(name, str) for name in names)
        ):
            raise ValueError(
                f"{printable(self.path / 'metrics.json')} has no "
                "`class_names`: it is "
                "not of a training run, or of another version of advtext. "
                "Train anew."
            )
        return tuple(names)

    def load_model(self, name):
        """Returns a saved Keras model of the finished run that is here.

        Raises:
            FileNotFoundError: If the run is not finished, or of another kind.
            OSError: If the file cannot be read.
            ValueError: If the file is damaged, or not what the run wrote.
        """
        self._there("metrics.json")
        path = self._there(name)
        advice = "take metrics.json away: --resume then writes both again"
        model = saved_model.load(path, advice)
        self._check_sum(name, advice)
        return model

    def _check_sum(self, name, advice):
        """Raises `ValueError` if a file is not the one that the run wrote."""
        if self.owned.has_changed(self._listed(name)):
            raise ValueError(
                f"{printable(self.path / name)} is not the file that this run "
                "wrote: it "
                "is of another run, or was changed. Put the right one back, or "
                f"{advice}."
            )

    def _there(self, name):
        path = self.path / name
        if not path.is_file():
            raise FileNotFoundError(
                f"{printable(path)} is not there. Name the directory of a "
                f"finished {_KINDS.get(name, 'run')}, or finish this one."
            )
        return path

    def _listed(self, name):
        return (self.path / name).relative_to(self.owned.path).as_posix()

    def claim(self, *names):
        """Lists files before they are written; see `OwnedFolder.claim`."""
        with naming(self.owned.manifest):
            self.owned.claim(*map(self._listed, names))

    def save_config(self, config):
        """Writes `config.toml`, whole or not at all."""
        self.claim("config.toml")
        config_files.save(config, self.path / "config.toml")

    def save_tokenizer(self, tokenizer):
        """Writes `tokenizer.json`, whole or not at all."""
        self._save("tokenizer.json", tokenizer.save)

    def write_text(self, name, text):
        """Writes a UTF-8 file, whole or not at all."""
        self.claim(name)
        with naming(self.path / name), atomic_file(self.path / name) as file:
            file.write(text.encode("utf-8"))

    def write_json(self, name, content):
        """Writes a JSON file, whole or not at all."""
        self.write_text(name, _json(content))

    def finish(self, metrics):
        """Writes `metrics.json`: from now on the run is finished."""
        content = _json(metrics).encode()
        self._save("metrics.json", lambda path: path.write_bytes(content))

    def write_history(self, history):
        """Writes `history.csv`: a row per pass over the data."""
        names = sorted({name for row in history for name in row})
        text = io.StringIO()
        writer = csv.DictWriter(text, ["epoch", *names], lineterminator="\n")
        writer.writeheader()
        for epoch, row in enumerate(history, 1):
            writer.writerow({"epoch": epoch, **row})
        self.write_text("history.csv", text.getvalue())

    def save_model(self, model, name):
        """Saves a Keras model, whole or not at all."""
        self._save(name, model.save)

    def _save(self, name, save):
        """Has a file written, keeps its sum and gives it its name."""
        self.claim(name)
        # A folder, for Keras writes large weights beside the model.
        temporary = temporary_path(self.path / name)
        try:
            with naming(self.path / name):
                temporary.mkdir()
                save(temporary / name)
                with open(temporary / name, "rb") as file:
                    os.fsync(file.fileno())
                self.owned.note_sum(self._listed(name), temporary / name)
                (temporary / name).replace(self.path / name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _json(content):
    return json.dumps(content, indent=2, allow_nan=False) + "\n"
