"""Whether a run may begin in a folder, or go on there; and its beginning."""

import contextlib
import dataclasses
import tempfile
from pathlib import Path

from advtext.data.writing import naming
from advtext.experiments import outputs, parallel, run_data
from advtext.folder_lock import folder_lock
from advtext.quoting import printable

# Fields that name folders which a run reads.
_READ = "pretrained", "data_dir", "cache_dir"
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


@contextlib.contextmanager
def alone(directory):
    """Makes the folder of a run, and keeps other processes out of it.

    Args:
        directory: `RunDirectory`.

    Raises:
        BlockingIOError: If another process runs there; it is named.
        OSError: If the folder cannot be written.
    """
    what = f"`run_dir` {printable(directory.path)}"
    lock = folder_lock(
        directory.path,
        what,
        "Wait for its end, or name another `run_dir`.",
    )
    with contextlib.ExitStack() as held:
        with naming(what):
            held.enter_context(lock)
        yield


def check(directory, config, kind):
    """Finds out whether a run may begin, or go on, in a folder.

    The folder is made if it is not there, and tried; nothing of a run that is
    there is touched. So wrong text, found out about later, costs nothing.

    Args:
        directory: `RunDirectory`.
        config: `Config` of the run to begin.
        kind: The command, see `outputs`.

    Raises:
        FileExistsError: If a run is there, and neither `resume` nor
            `overwrite` was asked for, or what no run wrote.
        ValueError: If `resume` finds a run of another configuration, or the
            folder is one that the run reads.
        OSError: If the folder cannot be written.
    """
    for name in _READ:
        read = getattr(config, name, "")
        if read and Path(read).resolve() == directory.path.resolve():
            raise ValueError(
                f"`run_dir` and `{name}` are both {printable(directory.path)}. "
                "Name another `run_dir`, to keep what is there."
            )
    with naming(f"`run_dir` {directory.path}"):
        directory.path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory.path):
            pass
    check_kind(directory, kind)
    if directory.begun:
        _check_begun(directory, config)
    else:
        refuse_others(directory)


def _check_begun(directory, config):
    path, owned = directory.path, directory.owned
    if config.resume:
        _check_same(directory, config)
        return
    state = "finished" if directory.finished else "unfinished"
    if not config.overwrite:
        raise FileExistsError(
            f"`run_dir` {printable(path)} holds a {state} run. Continue it "
            "with --resume, replace it with --overwrite, or name another."
        )
    if not owned.exists():
        raise FileExistsError(
            f"`run_dir` {printable(path)} has a config.toml, but no "
            "advtext.json, the "
            "list of a run's files: it is of another program or an earlier "
            "version of advtext. Name another folder, or take its files away."
        )
    refuse_others(directory)


def check_kind(directory, kind):
    """Raises `FileExistsError` if another command wrote what is there."""
    directory.owned.check_kind(kind, "`run_dir`")


def refuse_others(directory, runs=True):
    """Raises `FileExistsError` if not all in a folder was written by a run.

    `runs` tells whether runs in folders within count as well.
    """
    others = directory.owned.others(runs)
    if others:
        some = printable(", ".join(others[:3]))[:100]
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise FileExistsError(
            f"`run_dir` {printable(directory.path)} holds what no run of "
            "advtext wrote: "
            f"{some}{more}. A run begins in a new or "
            "empty folder: name another one, or take that away."
        )


def is_finished(directory, config, kind, held):
    """Checks as `check` does, and tells whether the run is there already.

    Of several processes, the first one does it for all, and keeps the folder
    for itself until `held`, an `ExitStack`, ends.
    """

    def look():
        held.enter_context(alone(directory))
        check(directory, config, kind)
        finished = config.resume and directory.finished
        if finished and directory.owned.exists():
            with naming(directory.owned.manifest):
                directory.owned.remove_left_over()
        return finished

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


def begin(directory, config, kind, sums, tokenizer=None):
    """Clears away a run that is not to be resumed, and begins another.

    Args:
        directory: `RunDirectory` that is held, see `alone`, and was checked.
        config: `Config` of the run.
        kind: The command, see `outputs`.
        sums: Sums of its data, see `run_data`.
        tokenizer: The run's tokenizer, if it has one.

    Raises:
        ValueError: If the run to be resumed began with other data.
        OSError: If the folder cannot be written.
    """
    owned = directory.owned
    if config.resume and directory.begun:
        with naming(owned.manifest):
            if not owned.exists():
                owned.begin(kind, outputs.of_before(directory.path, kind))
            owned.remove_left_over()
        run_data.check(directory, config, sums, tokenizer)
        owned.note(begun=True, data=sums or owned.facts().get("data", {}))
        return
    # Time has passed since it was checked.
    refuse_others(directory)
    with naming(owned.manifest):
        owned.begin(kind, outputs.of(kind))
        owned.clear()
    if tokenizer is not None:
        directory.save_tokenizer(tokenizer)
    # How this command was asked to start is not part of the run.
    directory.save_config(
        dataclasses.replace(config, resume=False, overwrite=False)
    )
    owned.note(begun=True, data=sums)
