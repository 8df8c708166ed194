"""The folder of the image experiments: whose it is, and what is kept."""

import dataclasses
import json

from advtext.config.image_config import PHOTO_ROW
from advtext.experiments import run_data, run_start
from advtext.experiments.run_directory import RunDirectory

_KIND = "image"
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
    run_start.check(directory, config, _KIND)
    return directory


def begin(directory, config, images):
    """Clears a run away that is to be replaced, and saves the configuration.

    Args:
        directory: What `check` returned.
        config: `ImageConfig`.
        images: Dict from split to `Images`; empty if none are read.

    Raises:
        ValueError: If the run to be resumed began with other images.
    """
    run_start.begin(directory, config, _KIND, run_data.of_images(images))
    # Some settings may change when a run goes on.
    directory.save_config(
        dataclasses.replace(config, resume=False, overwrite=False)
    )


def settings_of(number, config):
    """Returns what may have changed since a row was measured, a dict."""
    names = _PHOTO if number == PHOTO_ROW else _SEEDS
    found = {name: getattr(config, name) for name in names}
    return json.loads(json.dumps(found))
