"""CSV and TSV: a header line, then one row a text."""

import contextlib
import csv

from advtext.data.labels import read_label
from advtext.data.text_lines import LONGEST
from advtext.quoting import quoted

# Quotes inside a quoted field are doubled, or stand behind a backslash; or
# a quote is a character like any other.
_DOUBLED = {"strict": True}
_ESCAPED = {"strict": True, "escapechar": "\\"}
_UNQUOTED = {"quoting": csv.QUOTE_NONE}
_SEPARATORS = {",": ".csv", "\t": ".tsv", ";": "", "|": ""}


def read_csv(path, lines, delimiter=","):
    """Reads texts and labels from rows with a header.

    How quotes are meant is found for the whole file. Tab separated values
    whose lines all have the header's number of fields are read a line a row,
    and then quotes mean something only if they do so in every line.

    Args:
        path: name of the file, for messages.
        lines: iterable of line number and line, which can be read again.
        delimiter: what separates the fields.

    Yields:
        Number of the line where the row begins, text, and label (a string,
        or `None` for an empty cell or without a column `label`).

    Raises:
        ValueError: no column `text` or two, a row with another number of
            fields than the header, or quotes that do not pair.

    Example:

    >>> lines = [(1, "text,label"), (2, '"Fine, really.",pos')]
    >>> list(read_csv("train.csv", lines))
    [(2, 'Fine, really.', 'pos')]
    """
    with _long_fields():
        style = {"delimiter": delimiter, **_find_quoting(lines, delimiter)}
        rows = _number_rows(path, lines, style)
        number, row = next(rows, (0, None))
        if row is None:
            return
        text, label = _find_columns(path, number, row, delimiter)
        width = len(row)
        for number, row in rows:
            if len(row) != width:
                raise ValueError(
                    f"{path}:{number}: {len(row)} fields, but the header "
                    f"has {width}. Quote a text that holds the separator "
                    f"{delimiter!r}."
                )
            found = row[label].strip() if label is not None else ""
            place = f"{path}:{number}"
            yield number, row[text], read_label(place, found or None)


def _find_quoting(lines, delimiter):
    """Returns the settings of `csv.reader` that fit all lines best."""
    sign = '"' if delimiter == "\t" else '\\"'
    if not any(sign in line for _, line in lines):
        return _DOUBLED
    styles = [_DOUBLED, _ESCAPED]
    if delimiter == "\t":
        unquoted = _reach(lines, {"delimiter": delimiter, **_UNQUOTED})
        by_line = unquoted == float("inf")
        reaches = [
            _reach(lines, {"delimiter": delimiter, **style}, by_line)
            for style in styles
        ]
        styles.append(_UNQUOTED)
        reaches.append(unquoted)
    else:
        reaches = [_reach(lines, style) for style in styles]
    return styles[reaches.index(max(reaches))]


def _reach(lines, style, by_line=False):
    """Returns the number of the line where the first bad row begins."""
    rows = csv.reader((line for _, line in lines), **style)
    width = None
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error:
            return number
        if row is None:
            return float("inf")
        if by_line and rows.line_num > number:
            return number
        if row:
            width = width or len(row)
            if len(row) != width:
                return number


def _number_rows(path, lines, style):
    rows = csv.reader((line for _, line in lines), **style)
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            way = 'Write a quote inside a quoted text as ""'
            if "new-line" in str(error):
                way = "Quote a text that holds a carriage return"
            elif "limit" in str(error):
                way = "Its text is too long, or a quote is never closed"
            elif "end of data" in str(error):
                way = (
                    "A quote is never closed, or the file is cut off: close "
                    "it, or copy the file again"
                )
            raise ValueError(
                f"{path}:{number}: the row that begins here cannot be read: "
                f"{_shown(error)}. {way}."
            ) from error
        if row is None:
            return
        if row:
            yield number, row


def _find_columns(path, number, row, delimiter):
    """Returns the positions of `text` and of `label` (or `None`)."""
    header = [name.strip().strip('"').casefold() for name in row]
    for name in ("text", "label"):
        if header.count(name) > 1:
            raise ValueError(
                f"{path}:{number}: {header.count(name)} columns `{name}`. "
                "Give all but one another name."
            )
    if "text" not in header:
        raise ValueError(
            f"{path}:{number}: no column `text`. The first line must name "
            f"the columns, `text` and perhaps `label`."
            f"{_other_separator(header, delimiter)} Received: {quoted(row)}."
        )
    label = header.index("label") if "label" in header else None
    return header.index("text"), label


def _other_separator(header, delimiter):
    for separator, form in _SEPARATORS.items():
        if len(header) == 1 and separator in header[0]:
            mine = "commas" if delimiter == "," else "tabs"
            way = f"let its name end with {form}, or " if form else ""
            return (
                f" This file separates by {separator!r}, not by {mine}: {way}"
                f"save it with {mine}."
            )
    return ""


@contextlib.contextmanager
def _long_fields():
    # The csv module refuses fields over 131,072 characters by default; a
    # quote that is never closed must not take all memory.
    limit = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _shown(error):
    """Returns what Python says of a row, a tab written as such."""
    return str(error).replace("\t", "\\t")
