"""Encoded documents on disk: one folder for one source and tokenizer."""

import hashlib
import json
from pathlib import Path

import numpy as np

from advtext.atomic_file import atomic_file
from advtext.data.corpus import Corpus
from advtext.data.tokenizers import load_tokenizer

VERSION = 2
_MANIFEST = "manifest.json"
_TOKENIZER = "tokenizer.json"


class TokenCache:
    """A folder with a tokenizer, token ids, and the sums to check them by.

    `manifest.json` is written last and lists every other file with its size
    and SHA-256: a folder without it is unfinished, and a file that differs
    from it is damaged. Token ids are mapped into memory, not read.

    Args:
        folder: the folder; `write` makes it.
    """

    def __init__(self, folder):
        self.folder = Path(folder)

    def exists(self):
        """Returns whether a cache was written here."""
        return (self.folder / _MANIFEST).is_file()

    def write(self, tokenizer, corpora, class_names):
        """Writes everything that `read` gives back.

        Two processes may write the same cache at once.

        Args:
            tokenizer: the `Tokenizer` that encoded the corpora.
            corpora: dict from split to `Corpus`, none of them a subset.
            class_names: tuple of strings.

        Raises:
            OSError: the folder cannot be written; no half-written file stays.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            tokenizer.save(self.folder / _TOKENIZER)
            sums = {_TOKENIZER: self._measure(_TOKENIZER)}
            # Two bytes a token do for most vocabularies.
            small = tokenizer.vocabulary_size <= 2**16
            for split, corpus in corpora.items():
                for part, array in corpus.get_arrays().items():
                    if part == "ids" and small:
                        array = array.astype("uint16", copy=False)
                    name = f"{split}.{part}.npy"
                    sums[name] = self._save_array(name, array)
            content = {
                "version": VERSION,
                "splits": list(corpora),
                "class_names": list(class_names),
                "files": sums,
            }
            manifest = {"content": content, "sha256": _digest(content)}
            with atomic_file(self.folder / _MANIFEST) as file:
                file.write(json.dumps(manifest, indent=1).encode("ascii"))
        except OSError as error:
            raise OSError(
                error.errno,
                f"Cannot write the token cache in {self.folder}: "
                f"{error.strerror}. Make room there, or choose a folder that "
                "can be written (`cache_dir`)",
            ) from error

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
                    f"{self.folder / name} is missing, truncated or damaged"
                )
        corpora = {}
        for split in content["splits"]:
            arrays = {
                part: np.load(self.folder / name, mmap_mode="r")
                for part in ("ids", "offsets", "labels")
                if (name := f"{split}.{part}.npy") in content["files"]
            }
            corpora[split] = Corpus(**arrays)
        tokenizer = load_tokenizer(self.folder / _TOKENIZER)
        return tokenizer, corpora, tuple(content["class_names"])

    def _read_manifest(self):
        path = self.folder / _MANIFEST
        try:
            manifest = json.loads(path.read_bytes())
            if manifest["sha256"] == _digest(manifest["content"]):
                return manifest["content"]
        except (ValueError, KeyError, TypeError):
            pass
        raise ValueError(f"{path} is truncated or damaged")

    def _save_array(self, name, array):
        with atomic_file(self.folder / name) as file:
            writer = _SummingWriter(file)
            np.save(writer, array)
        return {"bytes": writer.size, "sha256": writer.digest.hexdigest()}

    def _measure(self, name):
        path = self.folder / name
        if not path.is_file():
            return None
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"bytes": path.stat().st_size, "sha256": digest}


class _SummingWriter:
    """Passes bytes on to a file and sums them up.

    Not being a file itself, it also keeps NumPy from its own way of writing,
    whose errors do not say that the disk is full.
    """

    def __init__(self, file):
        self.file = file
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data):
        self.size += len(data)
        self.digest.update(data)
        return self.file.write(data)


def _digest(content):
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
