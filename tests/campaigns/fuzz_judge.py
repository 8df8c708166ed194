"""What arbitrary input may end in, and the smallest that ends otherwise."""

import contextlib
import signal
import time
import traceback

from case import LONGEST, is_ours, is_raw

# Seconds that a single input may take.
_PATIENCE = 10.0
_ALLOWED = ValueError, TypeError, OSError, ImportError


class Violation(Exception):
    """An input ended in what no input may end in."""


class TooLong(BaseException):
    """An input took longer than it may."""


class Judge:
    """Tries inputs of one target, and keeps the smallest of every kind.

    Args:
        seconds: Time after which inputs are not tried any more.

    Attributes:
        found: Dict from a kind to the shortest description of an input.
        tried: How many inputs were tried.
    """

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds
        self.found = {}
        # Kinds that are not looked for any more.
        self.known = set()
        self.tried = 0

    @property
    def is_over(self):
        """Whether the time has run out."""
        return time.monotonic() > self.end

    def try_out(self, description, call):
        """Calls a function and judges how it ends.

        Returns:
            What it returned; `None` after an allowed error.

        Raises:
            Violation: If it ended as no input may.
        """
        if self.is_over:
            return None
        self.tried += 1
        try:
            with _patience():
                return call()
        except _ALLOWED as error:
            if wrong := _wrong_with(error):
                self.keep(description, wrong, error)
        except Violation:
            raise
        except (Exception, TooLong, SystemExit) as error:
            self.keep(description, "another exception", error)

    def keep(self, description, wrong, error=None):
        """Notes a violation and raises it."""
        kind = wrong
        if error is not None:
            place = _place(error)
            kind = f"{wrong}: {type(error).__name__} at {place}"
            description = f"{description}\n        {str(error)[:200]!r}"
        before = self.found.get(kind)
        if before is None or len(description) < len(before):
            self.found[kind] = description
        if kind not in self.known:
            raise Violation(kind) from error


def _wrong_with(error):
    message = str(error)
    if is_raw(message):
        return "a library's message"
    if len(message) > LONGEST:
        return "a long message"
    if not message:
        return "no message"
    return "" if is_ours(error) else "from elsewhere"


def _frames(error):
    return traceback.extract_tb(error.__traceback__) or [
        traceback.FrameSummary("?", 0, "?")
    ]


def _place(error):
    """Returns the innermost place in the package, or else the innermost."""
    frames = _frames(error)
    ours = [f for f in frames if "/advtext/" in f.filename] or frames
    return f"{'/'.join(ours[-1].filename.split('/')[-2:])}:{ours[-1].lineno}"


@contextlib.contextmanager
def _patience():
    def stop(*_):
        raise TooLong("longer than it may take")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
