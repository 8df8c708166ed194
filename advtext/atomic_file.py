"""Files that are either whole or not there."""

import contextlib
import errno
import os
import re
import uuid

from advtext.arguments import check_path

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{32}\.tmp")

# What only writing meets.
_FULL = errno.ENOSPC, errno.EDQUOT, errno.EFBIG


@contextlib.contextmanager
def atomic_file(path):
    """Opens a file for writing that takes its name only when it is whole.

    Bytes go to a temporary file in the same folder. It is flushed to the disk
    and renamed when the block ends, and removed when the block raises.

    Args:
        path: the name that the file shall have; an existing file is replaced.

    Example:

    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic_file(folder / "a.txt") as file:
    ...     _ = file.write(b"whole")
    >>> (folder / "a.txt").read_bytes()
    b'whole'
    """
    path = check_path("path", path)
    temporary = temporary_path(path)
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        named = getattr(error, "filename", None)
        # Nobody knows the temporary name, and a full disk names none.
        full = named is None and getattr(error, "errno", None) in _FULL
        if full or named == str(temporary):
            raise type(error)(error.errno, error.strerror, str(path)) from None
        raise


def temporary_path(path):
    """Returns a new name beside `path`, for what becomes `path` when whole."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")


def final_name(name):
    """Returns what a temporary name was to become; `None` for other names.

    Example:

    >>> from pathlib import Path
    >>> final_name(temporary_path(Path("runs/a.txt")).name)
    'a.txt'
    """
    found = _TEMPORARY.fullmatch(name)
    return found and found["name"]
