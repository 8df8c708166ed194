"""What is said of files that cannot be written."""

import contextlib


@contextlib.contextmanager
def writing(what, folder):
    """Says what cannot be written, and where, if the block raises `OSError`.

    Args:
        what: The files, such as `"a temporary file"`.
        folder: Where they lie.
    """
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno,
            f"Cannot write {what} in {folder}: {error.strerror}. Make room "
            "there, or choose a folder that can be written (`cache_dir`)",
        ) from error
