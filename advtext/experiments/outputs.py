"""The files that runs write, by their kind: the command that begins them."""

from pathlib import Path

from advtext.config.config import ARMS

_OF_TRAINING = (
    "metrics.json",
    "config.toml",
    "tokenizer.json",
    "checkpoint.npz",
    "history.csv",
)
# Files with names that are found out later are listed then.
_OF_KIND = {
    "pretrain": (*_OF_TRAINING, "language_model.keras"),
    "train": (*_OF_TRAINING, "classifier.keras"),
    "table": ("table.json", "table.md", "table.png"),
    "image": ("metrics.json", "config.toml", "RESULTS.md"),
}
# What runs of versions without a list of their files left besides these.
_OF_BEFORE = (
    "logs/train/events.out.tfevents.*",
    "models/*_*/checkpoint.npz",
    "models/*_*/history.csv",
    "models/*_*/metrics.json",
    "models/*_*/classifier.keras",
    "rows/row_??.json",
    "figures/row_??_*.png",
)


def of(kind):
    """Returns the names of the files that a run of that kind may write."""
    return list(_OF_KIND[kind])


def of_before(path, kind):
    """Returns what a run of a version that kept no list of files wrote."""
    found = [
        name.relative_to(path).as_posix()
        for pattern in _OF_BEFORE
        for name in path.glob(pattern)
    ]
    return [*of(kind), *found]


def is_table_of_before(directory):
    """Whether all in a `RunDirectory` is of a table without such a list."""
    found = map(Path, directory.owned.others(runs=False))
    arms = {name.parts[0] for name in found} - set(of("table"))
    return bool(arms) and all(
        (arm == "language_model" or arm.rpartition("_")[0] in ARMS)
        and (directory / arm / "config.toml").is_file()
        for arm in arms
    )
