"""Corpora that lie in a folder."""

import hashlib
import os

from advtext.arguments import check_path
from advtext.data.documents import RawDocuments
from advtext.data.source import SPLITS, Source
from advtext.data.text_files import COMPRESSIONS, FORMATS, stream_text_file
from advtext.data.text_lines import LONGEST, check_regular, read_whole
from advtext.quoting import listed, printable

_CLASSES = ("neg", "pos")


def open_folder(data_dir):
    """Opens a folder of texts, whichever of the known layouts it has.

    - Files `train`, and perhaps `test` and `unsup`, each with the ending of
      one of the formats of `stream_text_file`, such as `train.jsonl.xz`.
    - The layout of `aclImdb`: folders `train/neg`, `train/pos`, and perhaps
      `test/neg`, `test/pos` and `train/unsup`, of one `.txt` file a text.

    Args:
        data_dir: the folder.

    Returns:
        A `Source`.

    Raises:
        FileNotFoundError: there is no such folder, or no training split in
            it; the message lists what was looked for.
        ValueError: `data_dir` is empty, or two files claim to be one split.
    """
    if not data_dir:
        raise ValueError(
            "`data_dir` must name the folder that holds the texts. Received: "
            "data_dir=''."
        )
    folder = check_path("data_dir", data_dir)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {printable(folder)}. Set `data_dir` to the "
            "folder that holds the texts."
        )
    paths = {split: _find_file(folder, split) for split in SPLITS}
    paths = {split: path for split, path in paths.items() if path}
    if "train" in paths:
        return _Files(paths)
    if any((folder / "train" / name).is_dir() for name in _CLASSES):
        return _AclImdb(folder)
    there = listed(sorted(printable(p.name) for p in folder.iterdir()))
    raise FileNotFoundError(
        f"{printable(folder)} has no training split. Looked for "
        f"train{FORMATS[0]} (or "
        f"{', '.join(FORMATS[1:])}; each perhaps followed by "
        f"{' or '.join(COMPRESSIONS[1:])}) and for the folders train/neg and "
        f"train/pos with .txt files. Found there: {there or 'nothing'}."
    )


def _find_file(folder, split):
    names = [split + form + end for form in FORMATS for end in COMPRESSIONS]
    found = [folder / name for name in names if os.path.lexists(folder / name)]
    if len(found) > 1:
        raise ValueError(
            f"{printable(folder)}: {found[0].name} and {found[1].name} both "
            f"claim to be the split `{split}`. Keep one of them there."
        )
    for path in found:
        check_regular(path)
    return found[0] if found else None


class _Files(Source):
    """One file a split."""

    def __init__(self, paths):
        super().__init__(paths)
        self._paths = paths

    def stream_raw(self, split):
        return stream_text_file(self._paths[split])

    def fingerprint(self):
        digest = hashlib.sha256()
        for split, path in self._paths.items():
            with open(path, "rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.name} {content} is {split}\n".encode())
        return digest.hexdigest()


class _AclImdb(Source):
    """One file a text, in folders named by split and class."""

    def __init__(self, folder):
        self._parts = {
            "train": [(name, folder / "train" / name) for name in _CLASSES]
        }
        if (folder / "test").is_dir():
            self._parts["test"] = [
                (name, folder / "test" / name) for name in _CLASSES
            ]
        if (folder / "train" / "unsup").is_dir():
            self._parts["unsup"] = [(None, folder / "train" / "unsup")]
        for label, part in sum(self._parts.values(), []):
            if not part.is_dir():
                raise FileNotFoundError(
                    f"There is no folder {printable(part)}. Put the texts of "
                    f"the class {label!r} there, one .txt file each."
                )
        super().__init__(self._parts, class_names=_CLASSES)

    def stream_raw(self, split):
        labels, paths = [], []
        for label, part in self._parts[split]:
            files = _text_files(part)
            labels.extend([label] * len(files))
            paths.extend(files)
        return RawDocuments(
            map(read_whole, paths), labels, lambda n: printable(paths[n])
        )

    def fingerprint(self):
        digest = hashlib.sha256()
        for split, parts in self._parts.items():
            for label, part in parts:
                for path in _text_files(part):
                    with open(path, "rb", buffering=0) as file:
                        data = file.read(LONGEST + 1)
                    content = hashlib.sha256(data).hexdigest()
                    name = os.fsencode(os.path.basename(path))
                    digest.update(f"{split} {label} {content} ".encode())
                    digest.update(name + b"\n")
        return digest.hexdigest()


def _text_files(folder):
    """Returns the .txt files of a folder by the number they begin with."""

    def order(name):
        number = name.removesuffix(".txt").partition("_")[0]
        return (int(number) if number.isdecimal() else -1, name)

    # Plain strings: a corpus may have 100,000 files.
    names = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".txt"):
                if not entry.is_file():
                    check_regular(entry.path)
                names.append(entry.name)
    if not names:
        raise FileNotFoundError(f"{printable(folder)} holds no .txt file.")
    return [os.path.join(folder, name) for name in sorted(names, key=order)]
