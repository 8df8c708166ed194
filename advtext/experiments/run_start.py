"""Whether a run may begin in a folder, or go on there; and its beginning."""

import dataclasses
import shutil
from pathlib import Path

from advtext.atomic_file import atomic_file
from advtext.experiments import parallel
from advtext.experiments.run_directory import naming

_OUTPUTS = (
    "metrics.json",
    "config.toml",
    "checkpoint.npz",
    "history.csv",
    "language_model.keras",
    "classifier.keras",
)
# Fields that may change when a run goes on: they do not change its outcome.
_FREE = (
    "resume",
    "overwrite",
    "max_minutes",
    "run_dir",
    "cache_dir",
    "seeds",
    "methods",
    "parallel_runs",
    "rows",
    "control_seeds",
    "large_seeds",
    "photo",
    "photo_weights",
    "photo_class_index",
    "photo_model",
    "process_id",
    "coordinator",
    "coordinator_timeout",
)


def check(directory, config):
    """Finds out whether a run may begin, or go on, in a folder.

    The folder is made if it is not there, and tried; nothing of a run that is
    there is touched. So wrong text, found out about later, costs nothing.

    Args:
        directory: `RunDirectory`.
        config: `Config` of the run to begin.

    Raises:
        FileExistsError: If a run is there, and neither `resume` nor
            `overwrite` was asked for.
        ValueError: If `resume` finds a run of another configuration, or the
            folder is that of the language model to start from.
        OSError: If the folder cannot be written.
    """
    pretrained = getattr(config, "pretrained", "")
    if pretrained and Path(pretrained).resolve() == directory.path.resolve():
        raise ValueError(
            f"`run_dir` and `pretrained` are both {directory.path}. Name "
            "another `run_dir`, to keep the language model."
        )
    if directory.begun and config.resume:
        _check_same(directory, config)
    elif directory.begun and not config.overwrite:
        state = "finished" if directory.finished else "unfinished"
        raise FileExistsError(
            f"`run_dir` {directory.path} holds a {state} run. Continue it "
            "with --resume, replace it with --overwrite, or name another."
        )
    with naming(f"`run_dir` {directory.path}"):
        directory.path.mkdir(parents=True, exist_ok=True)
        probe = directory / ".probe.tmp"
        with atomic_file(probe):
            pass
        probe.unlink()


def is_finished(directory, config):
    """Checks as `check` does, and tells whether the run is there already.

    Of several processes, the first one does it for all.
    """

    def look():
        check(directory, config)
        return config.resume and directory.finished

    return parallel.decided_by_first(config, look)


def _check_same(directory, config):
    before = directory.config(kind=type(config))
    for name in vars(config):
        was, value = getattr(before, name), getattr(config, name)
        if was != value and name not in _FREE:
            raise ValueError(
                "`resume` must go on with the same configuration, but "
                f"{name} was {was!r} and is {value!r}. Train anew with "
                "--overwrite, or name another `run_dir`."
            )


def begin(directory, config, tokenizer):
    """Clears away a run that is not to be resumed, and begins another.

    Of several processes, the first one does.

    Args:
        directory: `RunDirectory` that was checked.
        config: `Config` of the run.
        tokenizer: Its tokenizer.

    Raises:
        ValueError: If the run to be resumed has another tokenizer.
        OSError: If the folder cannot be written.
    """
    if not parallel.is_first(config):
        return
    for pattern in (".*.tmp", "saving_*"):
        for left in directory.path.glob(pattern):
            left.unlink(missing_ok=True)
    if directory.begun and config.resume:
        if directory.tokenizer().fingerprint() != tokenizer.fingerprint():
            raise ValueError(
                f"The text has changed since the run in {directory.path} "
                "began: its words are others. Train anew with --overwrite, or "
                "name another `run_dir`."
            )
        return
    for name in _OUTPUTS:
        (directory / name).unlink(missing_ok=True)
    shutil.rmtree(directory.logs, ignore_errors=True)
    directory.save_tokenizer(tokenizer)
    # How this command was asked to start is not part of the run.
    directory.save_config(
        dataclasses.replace(config, resume=False, overwrite=False)
    )
