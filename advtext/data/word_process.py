"""A process that numbers words."""

import contextlib
import os
import pickle
import subprocess
import sys

from advtext.backend import num_cores
from advtext.data import word_numbers

# One process reads at most about as fast as four number words.
_MOST = 4


class WordProcess:
    """Does what `WordNumbers` does, in a process of its own.

    The process runs one file without this package and without the program
    that started it: a script needs no `__main__` guard, threads of a backend
    do no harm. It ignores the keyboard; who started it ends it.

    Args:
        lowercase: see `WordNumbers`.
        file: the same; a file of the operating system.
    """

    def __init__(self, lowercase, file):
        descriptor = file.fileno()
        # -P: modules beside that file must not hide others. -S: start faster.
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-S", word_numbers.__file__),
                *(str(int(lowercase)), str(descriptor)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[descriptor],
            start_new_session=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(map(str, sys.path)),
            },
        )

    def add(self, texts, counted=True):
        """Hands over a list of texts; returns when they have been taken."""
        try:
            pickle.dump((texts, counted), self._process.stdin, protocol=5)
            self._process.stdin.flush()
        except BrokenPipeError:
            self.result()
            raise

    def end(self):
        """Says that there are no more texts."""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()

    def result(self):
        """Waits for the result, as of `WordNumbers`.

        Raises:
            OSError: the file could not be written.
            MemoryError: the process ran out of memory.
            ChildProcessError: the process ended before its time.
        """
        self.end()
        try:
            result = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError) as error:
            status = self._process.wait()
            raise ChildProcessError(
                f"A process that splits texts into words ended with status "
                f"{status}; -9 is most often a lack of memory. Free some and "
                "start again."
            ) from error
        if isinstance(result, (OSError, MemoryError)):
            raise result
        return result

    def close(self):
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self.end()
        self._process.stdout.close()


def num_processes():
    """Returns how many processes pay: one a core, 0 for a single core."""
    if os.name != "posix" or not sys.executable:
        return 0
    cores = num_cores()
    return min(cores, _MOST) if cores > 1 else 0
