"""Runs one case in this process."""

import contextlib
import io
import os
import re
import shlex
import sys
import traceback
import warnings

from case import Accepted, Found, is_ours

# Lines on standard error that are no error.
_ASIDE = re.compile(r" left  |: warning: |^row \d+: |^encoding |^Downloading")
# What a caller may be told by.
_REFUSALS = ValueError, TypeError, OSError, ImportError
_COMMANDS = "advtext", "fool_imagenet"


def perform(case, place):
    """Returns what became of a case, a `Found`.

    Args:
        case: The case.
        place: `Place`; it is filled first.
    """
    place.fill(case.files)
    # What is written beside a folder without a name lies there.
    os.chdir(place.here)
    try:
        if isinstance(case.call, str) and case.call.split()[0] in _COMMANDS:
            found = _command(case, place)
        else:
            found = _call(case, place)
    except BaseException as error:  # Whatever ends a program.
        found = Found("traceback", _told(error))
    lost = place.lost(case.changes)
    return Found(found.kind, found.message, found.wrong, lost)


def _call(case, place):
    names = place.shared.names(place.here)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            if callable(case.call):
                value = case.call(place)
            else:
                value = eval(case.call, names)
        except _REFUSALS as error:
            wrong = (
                "" if is_ours(error) else f"{type(error).__name__}, not ours"
            )
            return Found("refused", str(error), wrong)
    said = "\n".join(str(each.message) for each in warned)
    if isinstance(case.right, str) and re.search(case.right, said):
        return Found("refused", said)
    return _checked(case, {**names, "value": value}, repr(value)[:200])


def _command(case, place):
    words = [
        word.format(here=place.here, **place.shared.paths)
        for word in shlex.split(case.call)
    ]
    stdin = place.here / "stdin"
    with _streams(stdin.read_bytes() if stdin.is_file() else b"") as streams:
        try:
            status = _main(words[0])(words[1:])
        except SystemExit as error:
            status = error.code
    out, err = (stream.buffer.getvalue().decode() for stream in streams)
    lines = [line for line in err.splitlines() if not _ASIDE.search(line)]
    if status == 0:
        names = {**place.shared.names(place.here), "out": out, "err": err}
        return _checked(case, names, out[-200:])
    message = "\n".join(lines)
    wrong = f"status {status}, {len(lines)} lines"
    if (status, len(lines)) == (2, 1) and message.startswith(_COMMANDS):
        wrong = ""
    return Found("refused", message, wrong)


def _main(program):
    if program == "advtext":
        from advtext.cli import main
    else:
        from advtext.experiments.fool_imagenet_flags import main
    return main


@contextlib.contextmanager
def _streams(stdin):
    """Exchanges the standard streams; yields those that are written to."""
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, *written = (
        io.TextIOWrapper(io.BytesIO(content), "utf-8", write_through=True)
        for content in (stdin, b"", b"")
    )
    sys.stdout, sys.stderr = written
    try:
        yield written
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _checked(case, names, shown):
    if not isinstance(case.right, Accepted):
        return Found("done", shown)
    try:
        holds = eval(case.right.check, names)
    except Exception as error:
        return Found("done", shown, f"{case.right.check}: {error!r}")
    return Found("done", shown, "" if holds else case.right.check)


def _told(error):
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{f.filename}:{f.lineno}" for f in reversed(frames))
    return f"{type(error).__name__}: {str(error)[:300]} ({where})"
