"""The standard streams of the command, as a shell or a service left them."""

import contextlib
import os
import sys
import tempfile

from advtext.quoting import printable


def open_closed():
    """Opens the standard streams that are closed, onto nothing.

    The next file that is opened would take their place, and what libraries
    print would go into it.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)


def replace_unshown():
    """Has a character that cannot be shown replaced, whatever the locale."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")


def tell(line):
    """Prints a line on standard error, over a progress line that is there.

    What would command the terminal is written out.
    """
    try:
        clear = "\r\033[K" if sys.stderr.isatty() else ""
        print(f"{clear}{printable(line)}", file=sys.stderr, flush=True)
    except OSError:
        # Nobody can be told; Python would try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def advised(error):
    """Returns what is said of an import that fails, in one line."""
    line = " ".join(str(error).split())
    if "KERAS_BACKEND" in line:
        return line
    return (
        f"{line.rstrip('.')}. Install what is missing, or set the environment "
        "variable KERAS_BACKEND to tensorflow or jax."
    )


def drop_output():
    """Throws away what cannot be printed, or Python would complain at exit."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def hushed():
    """Keeps what is printed on standard error from it, unless this raises.

    TensorFlow logs before it looks at how much shall be logged.
    """
    with tempfile.TemporaryFile() as kept:
        there = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(there, 2)
            kept.seek(0)
            os.write(2, kept.read())
            raise
        finally:
            os.dup2(there, 2)
            os.close(there)
