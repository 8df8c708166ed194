"""Reads one file of texts: JSON lines, CSV, TSV or plain lines."""

import array
import functools
import gzip
import lzma
import sys
from pathlib import Path

from advtext.arguments import check_path
from advtext.data.csv_rows import read_csv
from advtext.data.documents import RawDocuments
from advtext.data.json_lines import read_json_lines
from advtext.data.text_lines import check_regular, read_lines
from advtext.quoting import printable

_OPENERS = {"": open, ".gz": gzip.open, ".xz": lzma.open}


def _read_plain_lines(path, lines):
    for number, line in lines:
        yield number, line.rstrip("\r\n"), None


_READERS = {
    ".jsonl": read_json_lines,
    ".json": read_json_lines,
    ".csv": read_csv,
    ".tsv": functools.partial(read_csv, delimiter="\t"),
    ".txt": _read_plain_lines,
}
FORMATS = tuple(_READERS)
COMPRESSIONS = tuple(_OPENERS)


def stream_text_file(path):
    """Reads the texts of a file one by one, and labels where it has them.

    - `.jsonl`, `.json`: one object `{"text": ..., "label": ...}` a line;
      blank lines are skipped.
    - `.csv`, `.tsv`: a header line with a column `text` and perhaps a column
      `label`; a quoted text may hold line breaks. See `read_csv` for which
      files are read as quoted.
    - `.txt`: one text a line, without labels.

    Each may be compressed as `.gz` or `.xz`. The encoding is UTF-8. A label
    is an integer or a name; missing, `null`, NaN or an empty cell means none.

    Args:
        path: the file.

    Returns:
        `RawDocuments` with an iterator.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is empty, damaged or of an unknown kind, or a
            line cannot be read; the message names file and line. Raised by
            the iterator, but for an unknown kind.
    """
    path = check_path("path", path)
    form, compression = find_format(path)
    if not form:
        raise ValueError(
            f"{printable(path)}: unknown kind of file. The name must end with "
            f"{', '.join(FORMATS)}, each perhaps followed by "
            f"{' or '.join(COMPRESSIONS[1:])}."
        )
    name, labels, numbers = printable(path), [], array.array("q")

    def texts():
        check_regular(path)
        lines = _Lines(path, _OPENERS[compression])
        for number, text, label in _READERS[form](name, lines):
            # One string for all texts of a class.
            labels.append(label and sys.intern(label))
            numbers.append(number)
            yield text
        if not labels:
            raise ValueError(
                f"{name}: the file holds no text. Fill it or take it away."
            )

    return RawDocuments(texts(), labels, lambda n: f"{name}:{numbers[n]}")


def read_text_file(path):
    """Reads a whole file, as `stream_text_file`; returns `RawDocuments`."""
    return stream_text_file(path).in_memory()


def find_format(path):
    """Returns the format and the compression that a name ends with.

    Example:

    >>> find_format("train.csv.gz"), find_format("reviews")
    (('.csv', '.gz'), ('', ''))
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    compression = suffixes.pop() if suffixes[-1:] > [""] else ""
    if compression not in _OPENERS:
        suffixes.append(compression)
        compression = ""
    form = suffixes[-1] if suffixes else ""
    return (form, compression) if form in _READERS else ("", compression)


class _Lines:
    """The numbered lines of a file, read anew each time."""

    def __init__(self, path, opener):
        self._path, self._opener = path, opener

    def __iter__(self):
        with self._opener(self._path, "rb") as file:
            yield from read_lines(file, printable(self._path))
