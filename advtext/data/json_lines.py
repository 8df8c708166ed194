"""JSON lines: one object a line."""

import json

from advtext.data.labels import normalize_label
from advtext.quoting import shorten

_EXPECTED = 'Expected one object {"text": ..., "label": ...} a line.'


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
            yield number, _text(place, record), _label(place, record)


def _parse(place, line):
    try:
        record = json.loads(line, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        # A JSON error ends with a line number of its own, always 1.
        reason = getattr(error, "msg", error)
        raise ValueError(f"{place}: not JSON: {reason}. {_EXPECTED}") from error
    if not isinstance(record, dict) or "text" not in record:
        raise ValueError(f"{place}: no `text` in this line. {_EXPECTED}")
    return record


def _unique(pairs):
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {shorten(twice)!r} stands in it twice")
    return record


def _text(place, record):
    text = record["text"]
    if not isinstance(text, str):
        raise ValueError(
            f"{place}: `text` must be a string. Received: {text!r}."
        )
    try:
        text.isascii() or text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{place}: `text` holds half a surrogate pair at character "
            f"{error.start + 1}. Write the whole character."
        ) from error
    return text


def _label(place, record):
    label = record.get("label")
    if label is None:
        return None
    if isinstance(label, int) and not isinstance(label, bool):
        return str(label)
    if isinstance(label, str) and label.strip():
        return normalize_label(label)
    raise ValueError(
        f"{place}: `label` must be an integer or a name; leave it out or "
        f"write null for a text without one. Received: {label!r}."
    )
