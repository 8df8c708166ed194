"""Encoded documents on disk: one folder for one source and tokenizer."""

import array
import contextlib
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from advtext.arguments import check_path
from advtext.atomic_file import atomic_file
from advtext.data.corpus import Corpus
from advtext.data.tokenizers import load_tokenizer
from advtext.data.writing import writing
from advtext.failures import DAMAGE
from advtext.folder_lock import folder_lock
from advtext.manifest import content_digest
from advtext.owned_folder import OwnedFolder
from advtext.quoting import printable

VERSION = 2
_MANIFEST = "manifest.json"
_TOKENIZER = "tokenizer.json"
_PARTS = ("ids", "offsets", "labels")


@dataclass(frozen=True)
class Encoded:
    """Documents on their way into a cache.

    Args:
        documents: iterable of integer arrays, read once.
        labels: as of `Corpus`.
    """

    documents: Iterable[np.ndarray]
    labels: np.ndarray | None

    def __iter__(self):
        return iter(self.documents)


class TokenCache:
    """A folder with a tokenizer, token ids, and the sums to check them by.

    `manifest.json` is written last and lists every other file with its size
    and SHA-256: a folder without it is unfinished, and a file that differs
    from it is damaged. Token ids are mapped into memory, not read.

    Args:
        folder: the folder; `alone` makes it.
        setting: what names that folder, for messages.
    """

    def __init__(self, folder, setting="cache_dir"):
        self.folder = check_path("folder", folder)
        self.setting = setting
        self.owned = OwnedFolder(folder)

    def exists(self):
        """Returns whether a cache was written here."""
        return (self.folder / _MANIFEST).is_file()

    def make_parent(self):
        """Makes the folder that the cache's own will lie in; returns it."""
        with self._writing():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
        return self.folder.parent

    @contextlib.contextmanager
    def alone(self, wait):
        """Makes the folder and keeps other processes from writing there.

        Temporary files of processes that were killed are removed.

        Args:
            wait: whether to wait for another process that writes there.

        Raises:
            BlockingIOError: another process does, and `wait` is false.
            FileExistsError: the folder holds what is not ours.
            OSError: the folder cannot be written.
        """
        what = f"The token cache {printable(self.folder)}"
        lock = folder_lock(self.folder, what, "Wait for it to end.", wait)
        with contextlib.ExitStack() as held:
            held.callback(self._remove_if_empty)
            with self._writing():
                held.enter_context(lock)
                self._refuse_others()
                self.owned.remove_left_over()
            yield

    def _refuse_others(self):
        self.owned.check_kind("tokens", f"`{self.setting}`")
        if others := self.owned.others():
            some = printable(", ".join(others[:3]))[:100]
            raise FileExistsError(
                f"{printable(self.folder)} (`{self.setting}`) holds what "
                f"advtext did not list as its own: {some}. Token ids "
                "are written into a new or empty folder: name another one, or "
                "take that away."
            )

    def _remove_if_empty(self):
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _writing(self):
        return writing("the token cache", self.folder, self.setting)

    def write(self, tokenizer, corpora, class_names):
        """Writes everything that `read` gives back.

        In a block of `alone`; what was written there before is removed.

        Args:
            tokenizer: the `Tokenizer` that encoded the corpora.
            corpora: dict from split to `Corpus` or `Encoded`.
            class_names: tuple of strings.

        Raises:
            OSError: the folder cannot be written; no half-written file stays.
        """
        # Two bytes a token do for most vocabularies.
        small = tokenizer.vocabulary_size <= 2**16
        files = [_TOKENIZER]
        with self._writing():
            self._begin(corpora)
            tokenizer.save(self.folder / _TOKENIZER)
            for split, corpus in corpora.items():
                names = [f"{split}.{part}.npy" for part in _PARTS]
                dtype = "uint16" if small else "int32"
                lengths = self._save(names[0], dtype, corpus)
                self._save(names[1], "int64", [np.cumsum([0, *lengths])])
                if corpus.labels is not None:
                    self._save(names[2], "int32", [corpus.labels])
                files += names[: 2 + (corpus.labels is not None)]
            content = {
                "version": VERSION,
                "splits": list(corpora),
                "class_names": list(class_names),
                "files": {name: self._measure(name) for name in files},
            }
            manifest = {"content": content, "sha256": content_digest(content)}
            with atomic_file(self.folder / _MANIFEST) as file:
                file.write(json.dumps(manifest, indent=1).encode("ascii"))

    def _begin(self, splits):
        self.folder.mkdir(parents=True, exist_ok=True)
        names = [f"{split}.{part}.npy" for split in splits for part in _PARTS]
        self.owned.begin("tokens", [_MANIFEST, _TOKENIZER, *names])
        # Without it the others are no cache.
        (self.folder / _MANIFEST).unlink(missing_ok=True)
        self.owned.clear()

    def read(self):
        """Checks the files and opens them.

        Returns:
            The tokenizer, a dict from split to `Corpus`, and the tuple of
            class names.

        Raises:
            ValueError: a file is missing, truncated or damaged.
        """
        content = self._read_manifest()
        for name, expected in content["files"].items():
            if self._measure(name) != expected:
                raise ValueError(
                    f"{printable(self.folder / name)} is missing, truncated or "
                    "damaged"
                )
        corpora = {}
        for split in content["splits"]:
            arrays = {
                part: np.load(self.folder / name, mmap_mode="r")
                for part in _PARTS
                if (name := f"{split}.{part}.npy") in content["files"]
            }
            corpora[split] = Corpus(**arrays)
        tokenizer = load_tokenizer(self.folder / _TOKENIZER)
        return tokenizer, corpora, tuple(content["class_names"])

    def _read_manifest(self):
        path = self.folder / _MANIFEST
        try:
            manifest = json.loads(path.read_bytes())
            content = manifest["content"]
            whole = manifest["sha256"] == content_digest(content)
            version = content["version"]
            whole = whole and (version != VERSION or _is_complete(content))
        except DAMAGE:
            whole = False
        if not whole:
            raise ValueError(f"{printable(path)} is truncated or damaged")
        if version != VERSION:
            raise ValueError(
                f"{printable(path)} is of version {version!r}, and this "
                "advtext reads "
                f"version {VERSION}: the text must be prepared again"
            )
        return content

    def _save(self, name, dtype, arrays):
        """Writes arrays as one, as `np.save` would; returns their lengths."""
        lengths = array.array("q")
        with atomic_file(self.folder / name) as file:
            _write_header(file, dtype, 0)
            for part in arrays:
                lengths.append(len(part))
                file.write(np.ascontiguousarray(part, dtype))
            file.seek(0)
            _write_header(file, dtype, sum(lengths))
        return lengths

    def _measure(self, name):
        path = self.folder / name
        if not path.is_file():
            return None
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": path.stat().st_size, "sha256": digest}


def _is_complete(content):
    """Returns whether a manifest names all that its splits need."""
    needed = {_TOKENIZER}
    for split in content["splits"]:
        needed.update(f"{split}.{part}.npy" for part in _PARTS[:2])
    names = content["class_names"]
    return needed <= content["files"].keys() and all(
        isinstance(name, str) for name in names
    )


def _write_header(file, dtype, size):
    """Begins a `.npy` file; takes the same room for every size."""
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    np.lib.format.write_array_header_1_0(
        file, {"descr": descr, "fortran_order": False, "shape": (size,)}
    )
