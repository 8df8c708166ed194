"""What may happen to files, memory and the backend, as one line."""

import contextlib
import lzma
import re
import struct
import tokenize
import zipfile
import zlib

from advtext import backend, signals
from advtext.config import error_line
from advtext.quoting import printable, shorten

# What reading a damaged file raises: of NumPy's and zip files, JSON, pickles.
DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
_WHERE = re.compile(r"Graph execution error:|Detected at node|  File |\s*$")
# What no program can rule out. Other errors are faults of this package.
EXPECTED = (
    EOFError,
    ImportError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    zlib.error,
    *backend.ERRORS,
)


@contextlib.contextmanager
def reading(path, advice=""):
    """Names the file in whatever reading a damaged one raises.

    Args:
        path: The file, or what to call it.
        advice: What to do about it, a sentence.

    Raises:
        ValueError: If it is truncated or damaged.
        OSError: If it cannot be read.

    Example:

    >>> import json
    >>> with reading("a.json", "Write it again."):
    ...     json.loads("{")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: a.json is truncated or damaged (...). Write it again.
    """
    try:
        yield
    except OSError as error:
        # An error of the system has a number; of gzip's own it has none.
        if error.errno is not None and error.filename is None:
            reason = error.strerror or reason_of(error)
            raise OSError(error.errno, reason, str(path)) from error
        if error.errno is not None:
            raise
        raise _damaged(path, error, advice) from error
    except DAMAGE as error:
        raise _damaged(path, error, advice) from error


def _damaged(path, error, advice):
    reason = reason_of(error)
    line = f"{printable(path)} is truncated or damaged ({reason}). {advice}"
    return ValueError(line.rstrip())


def reason_of(error):
    """Returns the first line of what an error says, cut short."""
    if isinstance(error, KeyError):
        # Its text is the key alone, which says nothing.
        return f"{error} is not in it"
    # TensorFlow begins with where in its graph and in the program it was.
    text = re.sub(r"\{\{.*?\}\}", "", str(error)).strip()
    lines = [line for line in text.splitlines() if not _WHERE.match(line)]
    return shorten((lines or [type(error).__name__])[0].rstrip("."))


def outcome(error, kept=""):
    """Returns the exit status that an error ends with, and what is said of it.

    Args:
        error: The exception that a command raised.
        kept: What follows where a signal ended it.

    Returns:
        `(status, line)`; the line may be empty.

    Raises:
        Exception: The error itself, if it is a fault of this package.
    """
    if ended := signals.ending(error):
        word, status = ended
        return status, f"{word}{kept}."
    if isinstance(error, BrokenPipeError):
        # The reader, such as `head`, has enough; as if SIGPIPE had ended it.
        return 141, ""
    if isinstance(error, EXPECTED):
        return 2, f"error: {line_of(error)}"
    raise error


def line_of(error):
    """Returns what a command says of an error, in one line.

    Args:
        error: One of `EXPECTED`.

    Example:

    >>> line_of(FileNotFoundError(2, "No such file", "a.toml"))
    'No such file: a.toml'
    """
    if is_out_of_memory(error):
        return (
            f"not enough memory ({reason_of(error)}). Lower `batch_size`, "
            "`max_length`, `units` or `vocabulary_size`, or give it more."
        )
    if isinstance(error, RecursionError):
        return f"too deeply nested ({reason_of(error)})."
    if isinstance(error, backend.ERRORS):
        return (
            f"the backend failed with {type(error).__name__}: "
            f"{reason_of(error)}."
        )
    return error_line(error)


def is_out_of_memory(error):
    """Returns whether an error, of a backend too, is of too little memory."""
    # Of TensorFlow by its name, of JAX by its message.
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "ResourceExhaustedError"
        or "RESOURCE_EXHAUSTED" in str(error)
    )
