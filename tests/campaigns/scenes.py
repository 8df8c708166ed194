"""What the campaign of faults starts: finished and unfinished small runs."""

import dataclasses
import os

import small_runs

_TEXTS = "good film\nbad plot\na nice and lovely scene\nawful\n\ndull music\n"


@dataclasses.dataclass(frozen=True)
class Scene:
    """A command, and the folders it reads.

    Args:
        arguments: Of the command; `{here}` is the folder that holds copies of
            `folders`, `{made}` that which `make` filled.
        folders: Names of what is copied.
        removed: Files that are taken away from the copies.
        damaged: Folders out of `folders` whose files are damaged.
    """

    arguments: str
    folders: tuple[str, ...]
    removed: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


_TEXT = (
    "{made}/inputs/text.toml --deterministic --checkpoint_steps=5 "
    "--pretrain_batch_size=16"
)
_CACHE = "--cache_dir={made}/cache"
_TRAIN = f"{_TEXT} --epochs=2 --pretrained={{made}}/pretrained"
_UNFINISHED = "metrics.json", "classifier.keras", "language_model.keras"
SCENES = {
    "predict": Scene(
        "predict {here}/trained {made}/texts.txt",
        ("trained",),
        damaged=("trained",),
    ),
    "evaluate": Scene(
        "evaluate {here}/trained --cache_dir={here}/cache",
        ("trained", "cache"),
        damaged=("trained", "cache"),
    ),
    "train from a language model": Scene(
        f"train {_TEXT} {_CACHE} --epochs=1 --run_dir={{here}}/run "
        "--pretrained={here}/pretrained",
        ("pretrained",),
        damaged=("pretrained",),
    ),
    "train on prepared tokens": Scene(
        f"train {_TEXT} --epochs=1 --run_dir={{here}}/run --data=tokens "
        "--data_dir={here}/prepared",
        ("prepared",),
        damaged=("prepared",),
    ),
    "train from a cache": Scene(
        f"train {_TEXT} --epochs=1 --run_dir={{here}}/run "
        "--cache_dir={here}/cache",
        ("cache",),
        damaged=("cache",),
    ),
    "pretrain --resume": Scene(
        f"pretrain {_TEXT} {_CACHE} --run_dir={{here}}/pretrained --resume",
        ("pretrained",),
        _UNFINISHED,
        ("pretrained",),
    ),
    "train --resume": Scene(
        f"train {_TRAIN} {_CACHE} --run_dir={{here}}/trained --resume",
        ("trained",),
        _UNFINISHED,
        ("trained",),
    ),
    "train --resume, finished": Scene(
        f"train {_TRAIN} {_CACHE} --run_dir={{here}}/trained --resume",
        ("trained",),
        damaged=("trained",),
    ),
    "table --resume, finished": Scene(
        f"table {_TEXT} {_CACHE} --run_dir={{here}}/table --resume "
        "--methods=scratch --seeds=0 --epochs=1",
        ("table",),
        damaged=("table",),
    ),
    "image --resume, finished": Scene(
        "image {made}/inputs/images.toml --run_dir={here}/image --resume",
        ("image",),
        damaged=("image",),
    ),
    "image --resume": Scene(
        "image {made}/inputs/images.toml --run_dir={here}/image --resume",
        ("image",),
        ("metrics.json", "rows/row_02.json"),
        ("image",),
    ),
}
# Commands that begin in an empty folder, and the files they write.
BEGINNINGS = {
    "prepare": f"prepare {_TEXT} {_CACHE} --out={{here}}/prepared",
    "pretrain": f"pretrain {_TEXT} {_CACHE} --run_dir={{here}}/run",
    "train": f"train {_TRAIN} {_CACHE} --run_dir={{here}}/run",
    "token cache": f"train {_TRAIN} --cache_dir={{here}}/cache "
    "--run_dir={made}/other",
    "table": f"table {_TEXT} {_CACHE} --run_dir={{here}}/run "
    "--methods=scratch --seeds=0 --epochs=1",
    "image": "image {made}/inputs/images.toml --run_dir={here}/run",
}


def make(made, main):
    """Fills a folder with inputs, and a finished run of each kind.

    Args:
        made: The folder.
        main: Function that runs a command and returns its status.
    """
    made.mkdir(parents=True)
    small_runs.write(made / "inputs")
    (made / "texts.txt").write_text(_TEXTS)
    folders = {
        "prepared": BEGINNINGS["prepare"],
        "pretrained": BEGINNINGS["pretrain"],
        "trained": BEGINNINGS["train"],
        "table": BEGINNINGS["table"],
        "image": BEGINNINGS["image"],
    }
    for name, arguments in folders.items():
        arguments = arguments.replace("{here}/run", f"{{here}}/{name}")
        arguments = arguments.format(here=made, made=made).split()
        if status := main(arguments):
            raise SystemExit(f"{' '.join(arguments)} ended with {status}")
    # What `evaluate` would make again in every copy.
    path = os.fspath(made / "trained")
    main(["evaluate", path, f"--cache_dir={made / 'cache'}"])
