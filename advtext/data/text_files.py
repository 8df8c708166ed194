"""Reads one file of texts: JSON lines, CSV, TSV or plain lines."""

import array
import functools
import gzip
import lzma
import sys
import zlib
from pathlib import Path

from advtext.data.csv_rows import read_csv
from advtext.data.documents import RawDocuments
from advtext.data.json_lines import read_json_lines

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
      `label`; a quoted text may hold line breaks.
    - `.txt`: one text a line, without labels.

    Each may be compressed as `.gz` or `.xz`. The encoding is UTF-8. A label
    is an integer or a name; missing, `null` or an empty cell means none.

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
    path = Path(path)
    read, compression = _find_reader(path)
    labels, lines = [], array.array("q")

    def texts():
        with _OPENERS[compression](path, "rb") as file:
            for line, text, label in read(path, _lines(path, file)):
                # One string for all texts of a class.
                labels.append(label and sys.intern(label))
                lines.append(line)
                yield text
        if not labels:
            raise ValueError(
                f"{path}: the file holds no text. Fill it or take it away."
            )

    return RawDocuments(texts(), labels, lambda n: f"{path}:{lines[n]}")


def read_text_file(path):
    """Reads a whole file, as `stream_text_file`; returns `RawDocuments`."""
    return stream_text_file(path).in_memory()


def _find_reader(path):
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = suffixes.pop() if suffixes[-1:] > [""] else ""
    if compression not in _OPENERS:
        suffixes.append(compression)
        compression = ""
    if not suffixes or suffixes[-1] not in _READERS:
        raise ValueError(
            f"{path}: unknown kind of file. The name must end with "
            f"{', '.join(FORMATS)}, each perhaps followed by "
            f"{' or '.join(COMPRESSIONS[1:])}."
        )
    return _READERS[suffixes[-1]], compression


def _lines(path, file):
    """Yields the number and the text of each line.

    Only a newline ends a line: `str.splitlines` would also cut at U+0085,
    which real reviews hold.
    """
    number = 0
    try:
        for number, line in enumerate(file, 1):
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path}:{number}: not valid UTF-8 at byte {error.start + 1} of "
            "the line. Convert the file, for example with `iconv -f latin1 "
            "-t utf-8`."
        ) from error
    except (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise ValueError(
            f"{path}:{number + 1}: the compressed file is truncated or "
            f"damaged here ({error}). Copy or download it again."
        ) from error
