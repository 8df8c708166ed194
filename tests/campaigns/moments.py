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
        first: When anything was first there, as by `time.monotonic`.
    """

    def __init__(self, folder):
        self.folder = str(folder)
        self.count = 0
        self.first = None
        self._known = {name for name, _ in self._walk(self.folder)}

    def look(self):
        """Returns the name of a file that was not seen before, or `None`."""
        new = None
        for name, temporary in self._walk(self.folder):
            if name in self._known:
                continue
            self._known.add(name)
            self.first = self.first or time.monotonic()
            if temporary:
                self.count += 1
                new = name
        return new

    def wait(self, process, number, seconds):
        """Waits for a file that is being written; returns its name.

        Args:
            process: Who writes it.
            number: Which one it is to be, counted from 1.
            seconds: How long to wait at most.

        Returns:
            Its path within the folder; `None` if it did not come.
        """
        end = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < end:
            name = self.look()
            if name and self.count >= number:
                return os.path.relpath(name, self.folder)
            time.sleep(0.0005)
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


def sleep(process, seconds):
    """Sleeps so long, or until the process has ended."""
    end = time.monotonic() + seconds
    while process.poll() is None and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, 0.05))
