"""The folder that a case runs in, among files that are not ours."""

import fnmatch
import os
import shutil
import stat

THEIRS = {
    "theirs/notes.txt": b"not ours\n",
    "theirs/metrics.json": b'{"loss": 1}\n',
    "theirs/logs/a.txt": b"a log of another program\n",
    "diary.tmp": b"dear diary\n",
}


class Place:
    """A folder of its own for one case.

    Args:
        folder: The folder; it is made anew.
        shared: Namespace of what cases share: paths, models, arrays.
    """

    def __init__(self, folder, shared):
        self.here = folder
        self.shared = shared

    def fill(self, files):
        """Makes the inputs of a case, and files that are not ours."""
        shutil.rmtree(self.here, ignore_errors=True)
        self.here.mkdir(parents=True)
        for name, content in {**THEIRS, **files}.items():
            path = self.here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path, self.shared)
            elif isinstance(content, str):
                path.write_bytes(content.encode())
            else:
                path.write_bytes(content)
        self.before = self._content()

    def lost(self, changes):
        """Returns what is gone, changed, or left behind unfinished.

        Args:
            changes: Patterns of names that may change.
        """
        after = self._content()
        found = [
            f"{name}: {'changed' if name in after else 'gone'}"
            for name, content in self.before.items()
            if after.get(name) != content
            and not any(fnmatch.fnmatch(name, each) for each in changes)
        ]
        for name in after.keys() - self.before.keys():
            last = name.rpartition("/")[2]
            if last.endswith(".tmp") or last.startswith("saving_"):
                found.append(f"{name}: left behind")
        return tuple(sorted(found))

    def _content(self):
        found = {}
        for folder, _, names in os.walk(self.here):
            for name in names:
                path = os.path.join(folder, name)
                kind = os.lstat(path).st_mode
                if stat.S_ISREG(kind):
                    with open(path, "rb") as file:
                        content = file.read()
                else:
                    content = stat.S_IFMT(kind)
                found[os.path.relpath(path, self.here)] = content
        return found
