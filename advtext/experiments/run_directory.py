import csv
import io
import json
from pathlib import Path

from advtext import config as config_files
from advtext.data import load_tokenizer
from advtext.data.atomic_file import atomic_file


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
    def finished(self):
        """Whether a run ended here."""
        return (self.path / "metrics.json").is_file()

    def begin(self, config):
        """Makes the folder, or finds it as `resume` or `overwrite` says.

        Returns:
            Whether there is a checkpoint to go on from.

        Raises:
            FileExistsError: If a run is there and neither was asked for.
            ValueError: If `resume` finds a run of another configuration.
            OSError: If the folder cannot be written.
        """
        there = (self.path / "config.toml").is_file()
        if there and not config.resume and not config.overwrite:
            state = "finished" if self.finished else "unfinished"
            raise FileExistsError(
                f"`run_dir` {self.path} holds a {state} run. Continue it with "
                "--resume, replace it with --overwrite, or name another."
            )
        if there and config.resume:
            self._check_same(config)
            return self.checkpoint.is_file()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if there:
                for name in ("metrics.json", "checkpoint.npz", "history.csv"):
                    (self.path / name).unlink(missing_ok=True)
            config_files.save(config, self.path / "config.toml")
        except OSError as error:
            raise OSError(
                error.errno,
                f"Cannot write `run_dir` {self.path}: {error.strerror}",
            ) from error
        return False

    def _check_same(self, config):
        before = self.config()
        free = {"resume", "overwrite", "max_minutes", "run_dir", "cache_dir"}
        changed = [
            name
            for name in vars(config)
            if name not in free
            and getattr(config, name) != getattr(before, name)
        ]
        if changed:
            name = changed[0]
            raise ValueError(
                f"`resume` must go on with the same configuration, but {name} "
                f"was {getattr(before, name)!r} and is "
                f"{getattr(config, name)!r}. Train anew with --overwrite, or "
                "name another `run_dir`."
            )

    def config(self):
        """Returns the configuration of the run that is here."""
        return config_files.load(self._there("config.toml"))

    def tokenizer(self):
        """Returns the tokenizer of the run that is here."""
        return load_tokenizer(self._there("tokenizer.json"))

    def metrics(self):
        """Returns `metrics.json` of the run that is here."""
        return json.loads(self._there("metrics.json").read_text("utf-8"))

    def model(self, name):
        """Returns the path of a saved model.

        Raises:
            FileNotFoundError: If the run has not saved it.
        """
        return self._there(name)

    def _there(self, name):
        path = self.path / name
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is not there: {self.path} is not the directory of a "
                "finished run. Finish the run, or name another directory."
            )
        return path

    def write_json(self, name, content):
        """Writes a JSON file, whole or not at all."""
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        with atomic_file(self.path / name) as file:
            file.write(text.encode())

    def write_history(self, history):
        """Writes `history.csv`: a row per Keras epoch."""
        names = sorted({name for row in history for name in row})
        text = io.StringIO()
        writer = csv.DictWriter(text, ["epoch", *names], lineterminator="\n")
        writer.writeheader()
        for epoch, row in enumerate(history, 1):
            writer.writerow({"epoch": epoch, **row})
        with atomic_file(self.path / "history.csv") as file:
            file.write(text.getvalue().encode())

    def save_model(self, model, name):
        """Saves a Keras model, whole or not at all."""
        temporary = self.path / f"saving_{name}"
        try:
            model.save(temporary)
            temporary.replace(self.path / name)
        finally:
            temporary.unlink(missing_ok=True)
