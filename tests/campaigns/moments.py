"""When a run is interrupted."""

import os
import time

import runs


class Watch:
    """Looks out for files that are being written.

    Args:
        folder: Where, with all that is in it.

    Attributes:
        count: How many were seen so far.
        began: Whether anything was there.
    """

    def __init__(self, folder):
        self.folder = str(folder)
        self.count = 0
        self.began = False
        self._known = {name for name, _ in self._walk(self.folder)}

    def look(self):
        """Returns the name of a file that was not seen before, or `None`."""
        new = None
        for name, temporary in self._walk(self.folder):
            if name in self._known:
                continue
            self._known.add(name)
            self.began = True
            if temporary:
                self.count += 1
                new = name
        return new

    def wait(self, process, number):
        """Waits for a file that is being written; returns its name.

        Args:
            process: Who writes it.
            number: Which one it is to be, counted from 1.

        Returns:
            Its path within the folder; `None` if the process ended before.
        """
        while process.poll() is None:
            name = self.look()
            if name and self.count >= number:
                return os.path.relpath(name, self.folder)
            time.sleep(0.001)
        return None

    def _walk(self, folder):
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    yield entry.path, bool(runs.TEMPORARY.search(entry.name))
                    if entry.is_dir(follow_symlinks=False):
                        yield from self._walk(entry.path)
        except OSError:
            # Gone again, as temporary files are.
            return


def worked(process):
    """Returns how many seconds of the processor a process has had.

    0.0 if it is gone.
    """
    try:
        with open(f"/proc/{process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # utime and stime: see proc(5).
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sleep(process, seconds):
    """Waits until a process has worked so long, or has ended."""
    while process.poll() is None and worked(process) < seconds:
        time.sleep(0.01)
