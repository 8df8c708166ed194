"""The image experiments: any rows, their numbers beside the published ones."""

import dataclasses
import sys
from collections.abc import Callable

from advtext.config.image_config import PHOTO_ROW
from advtext.evaluation.figure import can_draw
from advtext.experiments import run_start
from advtext.experiments.images import (
    attacked,
    compared,
    folder,
    large,
    photo,
    report,
    rubbish,
    trained,
)
from advtext.experiments.images.study import OutOfTime, Study
from advtext.experiments.run_directory import RunDirectory


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the experiments.

    Args:
        title: What it is about.
        measure: Function from `Study` to `Outcome`.
        network: The network it is of; any by default.
        data: The images that the published numbers are of.
    """

    title: str
    measure: Callable
    network: str = ""
    data: str = "MNIST"


# Of a model of pixels that are probabilities.
_RBM_ROW = 21
ROWS = {
    1: Row("softmax regression under FGSM", attacked.softmax),
    2: Row("maxout network under FGSM", attacked.maxout, "maxout"),
    3: Row(
        "convolutional maxout under FGSM",
        attacked.convolutional_maxout,
        "convolutional_maxout",
        "CIFAR-10",
    ),
    4: Row("logistic regression, 3 against 7", attacked.logistic),
    5: Row("adversarial training", trained.adversarial),
    6: Row("a larger network, clean error", large.clean, "maxout"),
    7: Row("a larger network under FGSM", large.attacked, "maxout"),
    8: Row("transfer between plain and trained", large.transferred, "maxout"),
    9: Row("noise in place of the worst perturbation", trained.noise),
    10: Row("L1 weight decay in place of it", trained.weight_decay, "maxout"),
    11: Row("rotations and hidden layers", trained.places, "maxout"),
    12: Row("shallow RBF network under FGSM", attacked.rbf),
    13: Row("agreement on mistakes", compared.agreement),
    14: Row("logits against epsilon", compared.trace),
    15: Row("ensembles", compared.ensemble),
    16: Row("rubbish called a class", rubbish.networks),
    17: Row(
        "rubbish, convolutional network",
        rubbish.convolutional,
        "convolutional_maxout",
        "CIFAR-10",
    ),
    18: Row("fooling images", rubbish.fooling, data="CIFAR-10"),
    19: Row("training on rubbish", trained.on_rubbish),
    20: Row("filters of the first layer", compared.filters),
    21: Row("a generative classifier under FGSM", attacked.rbm),
    22: Row("an ImageNet network under FGSM", photo.row),
}


def run(config):
    """Runs rows of the experiments; those that are finished are kept.

    Args:
        config: `advtext.config.ImageConfig`; `rows` are what to run.

    Returns:
        The rows that are finished by now, a list of dicts as in
        `metrics.json`; `None` if `max_minutes` ran out before the end (go on
        with `resume`).

    Raises:
        FileExistsError: If `run_dir` holds a run, or what no run wrote.
        BlockingIOError: If another process runs in `run_dir`.
        ValueError: If a row is asked for that is not of these images or this
            network.
    """
    check(config)
    with run_start.alone(RunDirectory(config.run_dir)):
        return _run(Study(config))


def _run(study):
    try:
        for number in study.config.rows:
            if _is_stale(study, number):
                _tell(f"row {number}: {ROWS[number].title}")
                row = _measured(study, number)
                _tell(report.table([row]).split("\n", 2)[2].rstrip())
    except OutOfTime:
        return None
    finally:
        rows = _finished(study)
        study.directory.write_text("RESULTS.md", report.markdown(rows))
    content = {"rows": {str(row["row"]): row for row in rows}}
    study.directory.write_json("metrics.json", content)
    return rows


def check(config):
    """Raises `ValueError` if a row is of another network or other pixels."""
    if config.whitening and _RBM_ROW in config.rows:
        raise ValueError(
            f"Row {_RBM_ROW} is of an RBM, whose pixels are from 0 to 1. Leave "
            "it out of `rows`, or set `whitening` to false."
        )
    for number in config.rows:
        network = ROWS[number].network
        if network not in ("", config.network):
            raise ValueError(
                f"Row {number} is of network={network!r}. Received: network="
                f"{config.network!r}. Leave the row out of `rows`, or take a "
                "configuration of that network."
            )


def _measured(study, number):
    """Runs a row and writes what came out, which it returns."""
    study.used = {}
    row = ROWS[number]
    outcome = row.measure(study)
    if number != PHOTO_ROW and row.data != study.data:
        for result in outcome.results:
            if result["published"] is not None:
                shown = report.shown(result["published"])
                result["published"] = f"{shown} ({row.data})"
    outcome.notes.append(study.told())
    return report.write_row(study, number, row.title, outcome)


def _is_stale(study, number):
    """Returns whether a row must be run: anew, or with these seeds."""
    path = study.directory / report.path_of(number)
    if not path.is_file():
        return True
    row = report.read_row(path)
    return row["settings"] != folder.settings_of(number, study.config) or (
        row["undrawn"] and can_draw()
    )


def _finished(study):
    """Returns the rows of the run directory, in their order."""
    paths = [study.directory / report.path_of(number) for number in ROWS]
    return [report.read_row(path) for path in paths if path.is_file()]


def _tell(line):
    print(line, file=sys.stderr, flush=True)
