"""What is said of files that cannot be written."""

import contextlib

from advtext.quoting import printable


@contextlib.contextmanager
def writing(what, folder, setting="cache_dir"):
    """Says what cannot be written, and where, if the block raises `OSError`.

    Args:
        what: The files, such as `"a temporary file"`.
        folder: Where they lie.
        setting: What names that folder.
    """
    try:
        yield
    except OSError as error:
        if _is_our_own(error):
            raise
        raise OSError(
            error.errno,
            f"Cannot write {what} in {printable(folder)}: {error.strerror}. "
            "Make room "
            f"there, or choose a folder that can be written (`{setting}`)",
        ) from error


@contextlib.contextmanager
def naming(what):
    """Names in an `OSError` what could not be written."""
    try:
        yield
    except OSError as error:
        if _is_our_own(error):
            raise
        reason = error.strerror or str(error)
        raise OSError(
            error.errno, f"Cannot write {printable(what)}: {reason}"
        ) from error


def _is_our_own(error):
    """Returns whether an error says already what is in the way."""
    ours = isinstance(error, (FileExistsError, BlockingIOError))
    return ours and error.errno is None
