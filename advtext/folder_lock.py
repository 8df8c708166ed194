"""One process at a time in a folder."""

import contextlib
import os
import socket
import sys
from pathlib import Path

try:
    import fcntl
except ImportError:
    # Without POSIX there are no such locks, and none are held.
    fcntl = None

LOCK = ".advtext.lock"


@contextlib.contextmanager
def folder_lock(path, what, advice, wait=False):
    """Holds a folder while the block runs, against other processes.

    The lock is the operating system's, on a file in the folder that tells who
    holds it, and ends with its process however that ends: none is ever stale.
    Where a file system knows no locks, none is held.

    Args:
        path: the folder; it is made.
        what: what it is called in messages.
        advice: a sentence on what to do if another process holds it.
        wait: wait for the other process, and say so on standard error,
            rather than raise.

    Raises:
        BlockingIOError: another process holds it; it is named.
        OSError: the file cannot be written.

    Example:

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with folder_lock(folder, "the folder", "Wait."):
    ...     os.listdir(folder)
    ['.advtext.lock']
    >>> os.listdir(folder)
    []
    """
    if fcntl is None:
        yield
        return
    path = Path(path) / LOCK
    file = _taken(path, what, advice, wait)
    try:
        file.truncate(0)
        file.seek(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
    finally:
        # Who waited for this file finds out that it is gone, and takes another.
        with contextlib.suppress(OSError):
            path.unlink()
        with contextlib.suppress(OSError):
            file.close()


def _taken(path, what, advice, wait):
    told = False
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = open(path, "a+", encoding="utf-8")
        try:
            _lock(file, block=told)
        except BlockingIOError as error:
            holder = _holder(file)
            file.close()
            message = f"{what} is in use by {holder}."
            if not wait:
                raise BlockingIOError(f"{message} {advice}") from error
            print(f"{message} Waiting for it.", file=sys.stderr, flush=True)
            told = True
            continue
        except BaseException:
            file.close()
            raise
        if _is_at(file, path):
            return file
        file.close()


def _lock(file, block):
    how = fcntl.LOCK_EX if block else fcntl.LOCK_EX | fcntl.LOCK_NB
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        raise
    except OSError:
        # Some network file systems have no locks.
        pass


def _holder(file):
    file.seek(0)
    return file.read(100).strip() or "another process"


def _is_at(file, path):
    """Returns whether a file is still the one with that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False
