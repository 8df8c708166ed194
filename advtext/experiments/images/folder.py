"""The folder of the image experiments: whose it is, and what is kept."""

import dataclasses
import json
import shutil

from advtext.config.image_config import PHOTO_ROW
from advtext.experiments import run_start
from advtext.experiments.run_directory import RunDirectory

_FOLDERS = ("models", "rows", "figures")
_FILES = ("metrics.json", "RESULTS.md")
_SEEDS = ("seeds", "control_seeds", "large_seeds")
_PHOTO = ("photo", "photo_model", "photo_weights", "photo_class_index")


def check(config):
    """Returns the `RunDirectory`, if the experiments may begin or go on there.

    Args:
        config: `ImageConfig`.

    Raises:
        FileExistsError: If it holds a run, and neither `resume` nor
            `overwrite` was asked for; or files that are of no run.
        ValueError: If `resume` finds a run of another configuration.
    """
    directory = RunDirectory(config.run_dir)
    run_start.check(directory, config)
    if directory.begun:
        return directory
    for name in (*_FOLDERS, *_FILES):
        if (directory / name).exists():
            raise FileExistsError(
                f"`run_dir` {directory.path} is no run, but holds {name}, "
                "which would be written over. Name another folder."
            )
    return directory


def begin(directory, config):
    """Clears a run away that is to be replaced, and saves the configuration."""
    if directory.begun and config.overwrite:
        for name in _FOLDERS:
            shutil.rmtree(directory / name, ignore_errors=True)
        for name in _FILES:
            (directory / name).unlink(missing_ok=True)
    directory.save_config(
        dataclasses.replace(config, resume=False, overwrite=False)
    )


def settings_of(number, config):
    """Returns what may have changed since a row was measured, a dict."""
    names = _PHOTO if number == PHOTO_ROW else _SEEDS
    found = {name: getattr(config, name) for name in names}
    return json.loads(json.dumps(found))
