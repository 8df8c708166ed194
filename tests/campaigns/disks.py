"""Full and read-only disks: small ones in memory, which root mounts."""

import contextlib
import os
import shutil
import subprocess

import runs
import scenes
from in_process import command, shown

_SIZE = 4 * 2**20
# Bytes that are free when a command begins.
_FREE = (0, 4096, 8192, 16384, 32768, 65536, 98304, 131072, 196608, 262144)


@contextlib.contextmanager
def disk(folder):
    """Mounts a small disk on a folder, and takes it away."""
    folder.mkdir(exist_ok=True)
    size = f"size={_SIZE}"
    _mount("-t", "tmpfs", "-o", size, "tmpfs", folder)
    try:
        yield folder
    finally:
        # Lazily: a log that could not be written may still be open.
        subprocess.run(["umount", "-l", folder], check=True)


def _mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def try_all(trials):
    """Tries full and read-only disks, where this process may mount them."""
    folder = trials.work / "disk"
    try:
        with disk(folder):
            pass
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"disks were not tried: {error}")
        return
    for name, arguments in trials.chosen(scenes.BEGINNINGS):
        for free in _FREE:
            trials.note(
                (name, "full disk", f"{free} bytes free"),
                lambda a=arguments, f=free: _full(trials, folder, a, f),
            )
        trials.note(
            (name, "read-only folder", ""),
            lambda a=arguments: _read_only(trials, folder, a),
        )
    for name, scene in trials.chosen(scenes.SCENES):
        trials.note(
            (name, "read-only folder", ""),
            lambda scene=scene: _read_only_scene(trials, folder, scene),
        )


def _start(trials, folder, text, *more):
    shutil.rmtree(trials.made / "other", ignore_errors=True)
    return command([*trials.arguments(text, folder), *more])


def _whole(trials, folder, text):
    """Returns what a command comes to on a disk with room; runs it once."""
    if text not in trials.whole:
        with disk(folder):
            ended = _start(trials, folder, text)
            if ended.status:
                raise ValueError(ended.err)
            trials.whole[text] = shown(ended), runs.outcome(folder)
    return trials.whole[text]


def _full(trials, folder, text, free):
    """Begins on a full disk, then goes on with room."""
    expected = _whole(trials, folder, text)
    with disk(folder):
        filler = folder / "filler"
        with open(filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, _SIZE - free or 1)
        ended = _start(trials, folder, text)
        filler.unlink()
        verdict, told = trials.judged(ended, expected, here=folder)
        if verdict != "refused":
            return verdict, told
        left = runs.left_over(folder)
        if left:
            return "wrong", f"left: {left}; {told}"
        resume = [] if "--out=" in text else ["--resume"]
        again = _start(trials, folder, text, *resume)
        after, why = trials.judged(again, expected, here=folder)
        return (verdict, told) if after == "equal" else ("wrong", why)


def _read_only(trials, folder, text):
    expected = _whole(trials, folder, text)
    with disk(folder):
        _mount("-o", "remount,ro", folder)
        ended = _start(trials, folder, text)
        return trials.judged(ended, expected, here=folder)


def _read_only_scene(trials, folder, scene):
    """Starts what reads a folder, and may write there, where it may not."""
    arguments = trials.arguments(scene.arguments, folder)
    with disk(folder):
        trials.place(scene, folder)
        ended = command(arguments)
        if ended.status:
            raise ValueError(ended.err)
        expected = shown(ended), runs.outcome(folder)
    with disk(folder):
        trials.place(scene, folder)
        _mount("-o", "remount,ro", folder)
        ended = command(arguments)
        return trials.judged(ended, expected, here=folder)
