"""Folders of which it is known which files we wrote."""

import contextlib
import operator
import os
import shutil
from pathlib import Path

from advtext.atomic_file import final_name
from advtext.folder_lock import LOCK
from advtext.manifest import MANIFEST, Manifest

_NAME = operator.attrgetter("name")


class OwnedFolder(Manifest):
    """A folder in which only what we wrote is replaced or removed.

    What its manifest does not name is somebody else's. A folder within that
    has a manifest of its own is a thing of its own.

    Args:
        path: the folder.

    Example:

    >>> import tempfile
    >>> folder = OwnedFolder(tempfile.mkdtemp())
    >>> folder.begin("example", ["a.txt"])
    >>> _ = (folder.path / "a.txt").write_text("ours")
    >>> _ = (folder.path / "b.txt").write_text("not ours")
    >>> folder.others()
    ['b.txt']
    >>> folder.clear()
    >>> sorted(path.name for path in folder.path.iterdir())
    ['advtext.json', 'b.txt']
    """

    def others(self, runs=True):
        """Returns the names of what is not ours, sorted.

        Args:
            runs: whether folders that have a manifest of their own count.
        """
        found = self._sorted_out()
        return sorted(found["others"] + found["runs"] * runs)

    def clear(self):
        """Removes the files that the manifest names, and emptied folders.

        The lock of the folder must be held.
        """
        ours = self._sorted_out()["ours"]
        for name in ours:
            (self.path / name).unlink(missing_ok=True)
        self.remove_left_over()
        folders = {folder for name in ours for folder in Path(name).parents}
        # The deepest first; one that holds what is not ours stays.
        for folder in sorted(folders - {Path()}, reverse=True):
            with contextlib.suppress(OSError):
                (self.path / folder).rmdir()

    def remove_left_over(self):
        """Removes temporary files of our own, of processes that have ended.

        The lock of the folder must be held.
        """
        for name in self._sorted_out()["temporary"]:
            path = self.path / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _sorted_out(self):
        named = {MANIFEST}
        if self.exists():
            named.update(self.read()["files"])
        found = {"ours": [], "temporary": [], "runs": [], "others": []}
        for place in self._places():
            name = place.as_posix()
            if name in (MANIFEST, LOCK):
                continue
            become = final_name(place.name)
            if name in named:
                kind = "ours"
            elif become and place.with_name(become).as_posix() in named:
                kind = "temporary"
            elif (self.path / place / MANIFEST).is_file():
                kind = "runs"
            else:
                kind = "others"
            found[kind].append(name)
        return found

    def _places(self, folder=Path()):
        """Yields all but folders, and folders that are a thing of their own."""
        for entry in sorted(os.scandir(self.path / folder), key=_NAME):
            place = folder / entry.name
            if entry.is_dir(follow_symlinks=False) and not (
                final_name(entry.name)
                or (self.path / place / MANIFEST).is_file()
            ):
                yield from self._places(place)
            else:
                yield place
