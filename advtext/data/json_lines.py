"""JSON lines: one object a line."""

import json

from advtext.data.labels import read_label
from advtext.quoting import quoted

_EXPECTED = (
    'Expected one object {"text": ..., "label": ...} a line, as pandas writes '
    'by `to_json(path, orient="records", lines=True)`.'
)


def read_json_lines(path, lines):
    """Reads texts and labels from lines of JSON.

    Args:
        path: name of the file, for messages.
        lines: iterable of line number and line; blank lines are skipped.

    Yields:
        Line number, text, and label (a string, or `None` without one).

    Raises:
        ValueError: a line is not an object with a string `text` and, where
            it has one, a proper `label`.

    Example:

    >>> lines = [(1, '{"text": "Fine.", "label": 1}')]
    >>> list(read_json_lines("train.jsonl", lines))
    [(1, 'Fine.', '1')]
    """
    for number, line in lines:
        if line.strip():
            place = f"{path}:{number}"
            record = _parse(place, line)
            text = _text(place, record)
            yield number, text, read_label(place, record.get("label"))


def _unique(pairs):
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {quoted(twice)} stands twice")
    return record


_decode = json.JSONDecoder(object_pairs_hook=_unique).decode


def _parse(place, line):
    try:
        record = _decode(line)
    except (ValueError, RecursionError) as error:
        # A JSON error ends with a line number of its own, always 1.
        reason = getattr(error, "msg", error)
        raise ValueError(f"{place}: not JSON: {reason}. {_EXPECTED}") from error
    if not isinstance(record, dict) or "text" not in record:
        raise ValueError(
            f"{place}: no `text` in this line. {_EXPECTED} Received: "
            f"{quoted(record)}."
        )
    return record


def _text(place, record):
    text = record["text"]
    if not isinstance(text, str):
        raise ValueError(
            f"{place}: `text` must be a string. {_EXPECTED} Received: "
            f"{quoted(text)}."
        )
    try:
        text.isascii() or text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{place}: `text` holds half a surrogate pair at character "
            f"{error.start + 1}. Write the whole character."
        ) from error
    return text
