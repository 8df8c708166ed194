"""Runs commands in this process: the imports are done once."""

import contextlib
import io
import re
import signal
import traceback

import runs

# Longer than any command needs.
_SECONDS = 180
_TIMES = re.compile(r"after [\d.]+ minutes|\| [\d.]+ \|$", re.M)


class Hang(BaseException):
    """A command did not end."""


def command(arguments):
    """Runs a command in this process; returns how it ended, `runs.Ended`."""
    import keras

    from advtext import cli

    def late(number, frame):
        raise Hang(f"no end after {_SECONDS} seconds")

    keras.utils.clear_session()
    out, err = io.StringIO(), io.StringIO()
    status = None
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(_SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.main([str(argument) for argument in arguments])
    except SystemExit as error:
        status = error.code
    except BaseException:
        err.write(traceback.format_exc())
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return runs.Ended(status, out.getvalue(), err.getvalue())


def shown(ended):
    """Returns what was printed, but for times."""
    return _TIMES.sub("", ended.out)
