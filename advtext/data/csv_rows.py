"""CSV and TSV: a header line, then one row a text."""

import contextlib
import csv
import sys

from advtext.data.labels import normalize_label


def read_csv(path, lines, delimiter=","):
    """Reads texts and labels from rows with a header.

    Args:
        path: name of the file, for messages.
        lines: iterable of line number and line.
        delimiter: what separates the fields.

    Yields:
        Number of the line where the row begins, text, and label (a string,
        or `None` for an empty cell or without a column `label`).

    Raises:
        ValueError: no column `text`, a row with another number of fields
            than the header, or quotes that do not pair.

    Example:

    >>> lines = [(1, "text,label"), (2, '"Fine, really.",pos')]
    >>> list(read_csv("train.csv", lines))
    [(2, 'Fine, really.', 'pos')]
    """
    rows = csv.reader(
        (line for _, line in lines), delimiter=delimiter, strict=True
    )
    with _unlimited_fields():
        header = None
        for number, row in _number_rows(path, rows):
            if header is None:
                header = _check_header(path, number, row)
            elif len(row) != len(header):
                raise ValueError(
                    f"{path}:{number}: {len(row)} fields, but the header "
                    f"has {len(header)}. Quote a text that holds the "
                    f"separator {delimiter!r}."
                )
            else:
                record = dict(zip(header, row, strict=True))
                label = record.get("label", "")
                label = normalize_label(label) if label.strip() else None
                yield number, record["text"], label


def _number_rows(path, rows):
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise ValueError(
                f"{path}:{number}: the row that begins here cannot be read: "
                f'{error}. Write a quote inside a quoted text as "".'
            ) from error
        if row is None:
            return
        if row:
            yield number, row


def _check_header(path, number, row):
    header = [name.strip() for name in row]
    if "text" not in header:
        raise ValueError(
            f"{path}:{number}: no column `text`. The first line must name "
            f"the columns, `text` and perhaps `label`. Received: {row}."
        )
    return header


@contextlib.contextmanager
def _unlimited_fields():
    # The csv module refuses fields over 131,072 characters by default.
    limit = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
