"""Ctrl-C and SIGTERM end a command in one line, whatever it is doing.

For the command alone: a program that imports this package keeps its own
handlers.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
# So long may a library keep Python from hearing of a signal, and so long from
# ending for it: some of them catch whatever is raised.
_HEARD_WITHIN = 5.0
_ENDED_WITHIN = 10.0
_SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


class Stopped(KeyboardInterrupt):
    """A signal told the command to end.

    Args:
        number: Of the signal.
    """

    def __init__(self, number):
        super().__init__()
        self.number = number


class _Watch:
    """What is known of signals in this process.

    Attributes:
        raises: Whether a signal raises `Stopped`: not while modules are
            imported, whose libraries would make other errors of it.
        inside: Whether a command is at work, to be ended in order.
        stopped: The `Stopped` that was raised, or `None`.
        heard: How many signals Python has heard of.
        stderr: Descriptor of standard error, whoever takes its number.
        telling: Taken by who prints the line.
    """

    raises = False
    inside = False
    stopped = None
    heard = 0
    stderr = 2
    telling = threading.Lock()


_watch = _Watch()


def is_command():
    """Tells whether this process is the command or one of its scripts."""
    if sys.argv[:1] == ["-m"]:
        # So it is while the package that shall be run is imported.
        given = sys.orig_argv[1:]
        return "-m" in given and given[given.index("-m") + 1 :][:1] == [
            "advtext"
        ]
    program = Path(sys.argv[0]) if sys.argv and sys.argv[0] else None
    if program is None:
        return False
    return program.stem == "advtext" or program.resolve().parent == _SCRIPTS


def begin():
    """Lets a signal end this process in one line, from now on."""
    _watch.stderr = os.dup(2)
    heard = [n for n in _WORDS if signal.getsignal(n) != signal.SIG_IGN]
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in heard:
        signal.signal(number, _hear)
    sys.unraisablehook = _hear_unraisable
    threading.Thread(target=_watch_for, args=(reading,), daemon=True).start()


@contextlib.contextmanager
def raising():
    """While this lasts, a signal raises `Stopped`, so that all is put away."""
    _watch.raises = _watch.inside = True
    try:
        yield
    finally:
        _watch.raises = _watch.inside = False


def ending(error):
    """Returns how a command ended by a signal, or `None` if it was not.

    Args:
        error: What was raised. A library may have made another error of it.

    Returns:
        `(word, status)`, such as `("interrupted", 130)`.
    """
    if not isinstance(error, KeyboardInterrupt):
        error = _watch.stopped
    if error is None:
        return None
    number = getattr(error, "number", signal.SIGINT)
    return _WORDS[number], 128 + number


def _hear(number, frame):
    _watch.heard += 1
    if not _watch.raises:
        _leave(number)
    _watch.raises = False
    _watch.stopped = Stopped(number)
    raise _watch.stopped


def _hear_unraisable(unraisable):
    """Ends the process where an interruption would have been lost."""
    if isinstance(unraisable.exc_value, Stopped):
        _leave(unraisable.exc_value.number)
    sys.__unraisablehook__(unraisable)


def _watch_for(reading):
    """Ends the process where Python does not come to hear of a signal."""
    received = 0
    while number := os.read(reading, 1)[0]:
        if number in _WORDS:
            received += 1
            _wait(received)
            if _watch.heard < received or _watch.inside:
                _leave(number)


def _wait(received):
    """Waits until the command ends in order, as long as it may do so."""
    start = time.monotonic()
    while _watch.inside:
        late = time.monotonic() - start
        if late > (_HEARD_WITHIN, _ENDED_WITHIN)[_watch.heard >= received]:
            return
        time.sleep(0.05)


def _leave(number):
    if _watch.telling.acquire(blocking=False):
        line = f"advtext: {_WORDS[number]}.\n"
        with contextlib.suppress(OSError):
            clear = "\r\033[K" if os.isatty(_watch.stderr) else ""
            os.write(_watch.stderr, f"{clear}{line}".encode())
    else:
        # Another thread may be about to print it.
        time.sleep(0.1)
    os._exit(128 + number)
