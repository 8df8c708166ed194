"""The list of the files that we wrote in a folder."""

import hashlib
import json
import os
from pathlib import Path

from advtext.atomic_file import atomic_file
from advtext.failures import DAMAGE
from advtext.quoting import printable

MANIFEST = "advtext.json"
_FORMAT = "advtext folder"
_VERSION = 1


class Manifest:
    """`advtext.json`: the files that we wrote in a folder, and facts on them.

    A file is named there before it is written, so that whenever a process is
    ended nothing of ours is left that is not named.

    Args:
        path: the folder.

    Example:

    >>> import tempfile
    >>> manifest = Manifest(tempfile.mkdtemp())
    >>> manifest.begin("example", ["a.txt"])
    >>> manifest.note(seed=1)
    >>> manifest.read()["files"], manifest.facts()
    (['a.txt'], {'seed': 1})
    """

    def __init__(self, path):
        self.path = Path(path)

    @property
    def manifest(self):
        return self.path / MANIFEST

    def exists(self):
        """Returns whether the folder has a manifest."""
        return self.manifest.is_file()

    def read(self):
        """Returns the manifest: `kind`, `files` and `facts`.

        Raises:
            ValueError: it is damaged.
        """
        try:
            record = json.loads(self.manifest.read_bytes())
            content = record["content"]
            if record["sha256"] != content_digest(content):
                raise ValueError("its content does not match its sum")
            if content["version"] != _VERSION:
                raise ValueError(f"version {content['version']!r}")
            return content
        except DAMAGE as error:
            raise ValueError(
                f"{printable(self.manifest)} is no list of files written by "
                "this version "
                f"of advtext, or it is damaged ({str(error)[:100]}), so what "
                "is ours in that folder is not known. Name another folder."
            ) from error

    def check_kind(self, kind, setting=""):
        """Refuses a folder of another kind: its files are not to be replaced.

        Args:
            kind: what shall be written there.
            setting: what names the folder, for messages.

        Raises:
            FileExistsError: the folder is of another kind.
        """
        there = self.read()["kind"] if self.exists() else kind
        if there != kind:
            raise FileExistsError(
                f"{setting} {printable(self.path)} holds what `{there}` wrote, "
                f"not `{kind}`. Name another folder.".lstrip()
            )

    def begin(self, kind, names=()):
        """Writes a manifest, or a new one that names the files before, too.

        Args:
            kind: what the folder holds, a word.
            names: of files that will be written.

        Raises:
            FileExistsError: the folder is of another kind.
            OSError: it cannot be written.
        """
        self.check_kind(kind)
        before = self.read()["files"] if self.exists() else []
        files = sorted({*before, *names})
        self._write({"kind": kind, "files": files, "facts": {}})

    def claim(self, *names):
        """Names files, relative to the folder, that will be written.

        Nothing is done where there is no manifest.

        Raises:
            FileExistsError: one is there, and is not ours.
        """
        if not self.exists():
            return
        content = self.read()
        new = sorted(set(names) - set(content["files"]))
        for name in new:
            if os.path.lexists(self.path / name):
                raise FileExistsError(
                    f"{printable(self.path / name)} is in the way: it was not "
                    "written by "
                    "this run. Move it elsewhere, or name another folder."
                )
        if new:
            self._write(content | {"files": sorted([*content["files"], *new])})

    def note(self, **facts):
        """Keeps facts about the files in the manifest, if there is one."""
        if self.exists():
            content = self.read()
            if content["facts"] != content["facts"] | facts:
                self._write(content | {"facts": content["facts"] | facts})

    def facts(self):
        """Returns what was noted, a dict; empty without a manifest."""
        return self.read()["facts"] if self.exists() else {}

    def note_sum(self, name, path):
        """Keeps the SHA-256 of `path`, which will become the file `name`."""
        sums = self.facts().get("sums", {})
        self.note(sums=sums | {name: _file_digest(path)})

    def has_changed(self, name):
        """Returns whether a file is another than its sum was kept of."""
        expected = self.facts().get("sums", {}).get(name)
        return bool(expected) and _file_digest(self.path / name) != expected

    def _write(self, content):
        content = {"format": _FORMAT, "version": _VERSION, **content}
        record = {"content": content, "sha256": content_digest(content)}
        with atomic_file(self.manifest) as file:
            file.write(json.dumps(record, indent=1).encode("ascii"))


def content_digest(content):
    """Returns the SHA-256 of what can be written as JSON."""
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _file_digest(path):
    """Returns the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
