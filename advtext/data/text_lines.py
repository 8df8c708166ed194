"""Bytes of a file as lines of text, never more than fit into memory."""

import codecs
import gzip
import lzma
import os
import stat
import zlib

from advtext.quoting import printable

# Far longer than any book; a compressed file can hold a line without end.
LONGEST = 2**26

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DAMAGE = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error)


def check_regular(path):
    """Refuses what is no regular file, or no link to one.

    Raises:
        FileNotFoundError: there is nothing at `path`.
        ValueError: it is a folder, a pipe or a device, whose end may never
            come.
    """
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
        raise ValueError(
            f"{printable(path)} is {kind}, not a regular file. Take it away, "
            "or put a file in its place."
        )


def decode(data, place, unit):
    """Decodes UTF-8, without a byte order mark.

    Args:
        data: bytes.
        place: function from a position in `data` to file and line, for
            messages.
        unit: what `data` is, for messages.

    Raises:
        ValueError: the bytes are not UTF-8, or hold a NUL.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_mark(data, place)
        raise ValueError(
            f"{place(error.start)}: not valid UTF-8 at byte "
            f"{error.start + 1} of the {unit}. Convert the file from the "
            "encoding it was saved in: `iconv -f ENCODING -t utf-8`, such "
            "as latin1, cp1252, gb18030 or shift_jis."
        ) from error
    if "\0" in text:
        _refuse_mark(data, place)
        at = data.index(b"\0")
        order = "be" if at == 0 else "le"
        raise ValueError(
            f"{place(at)}: byte {at + 1} of the {unit} is NUL, which no text "
            "has. If the file is UTF-16, convert it: "
            f"`iconv -f utf-16{order} -t utf-8`; otherwise take them out: "
            "`tr -d '\\000'`."
        )
    return text.lstrip("\ufeff") if text[:1] == "\ufeff" else text


def _refuse_mark(data, place):
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            raise ValueError(
                f"{place(0)}: this is {encoding.upper()}, not UTF-8. Convert "
                f"the file: `iconv -f {encoding} -t utf-8`."
            )


def read_lines(file, name):
    """Yields the number and the text of each line, with its end.

    Only a newline ends a line: `str.splitlines` would also cut at U+0085,
    which real reviews hold. A file without any newline is cut at its
    carriage returns, the line ends of old.

    Args:
        file: binary file.
        name: what to call it in messages.

    Raises:
        ValueError: a line is too long or not UTF-8, or the compressed file
            is damaged; the message names file and line.
    """
    number = 0
    try:
        while line := file.readline(LONGEST + 1):
            if len(line) > LONGEST:
                _refuse_length(f"{name}:{number + 1}", "line")
            parts = [line]
            if number == 0 and b"\r" in line[:-1] and line[-1:] != b"\n":
                parts = line.removesuffix(b"\r").split(b"\r")
            for part in parts:
                number += 1
                yield number, decode(part, _in_line(name, number), "line")
    except (*_DAMAGE, MemoryError) as error:
        reason = str(error) or "it asks for more memory than there is"
        raise ValueError(
            f"{name}:{number + 1}: the compressed file is truncated or "
            f"damaged here ({reason}). Copy or download it again."
        ) from error


def read_whole(path):
    """Returns the text of a file.

    Raises:
        ValueError: it is too long or not UTF-8; the message names file and
            line.
    """
    with open(path, "rb") as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        _refuse_length(f"{printable(path)}:1", "text")

    def place(at):
        line = data.count(b"\n", 0, at) + 1
        return f"{printable(path)}:{line}"

    return decode(data, place, "file")


def _in_line(name, number):
    return lambda at: f"{name}:{number}"


def _refuse_length(place, what):
    raise ValueError(
        f"{place}: this {what} is longer than {LONGEST // 2**20} MiB. Break it "
        "into documents, one a line; if the file is one JSON array or has no "
        "line ends, write it again as JSON lines."
    )
