"""What an error message quotes."""

import reprlib

_LONGEST = 100


def quoted(value):
    """Returns the `repr` of a value, cut at 100 characters.

    Example:

    >>> quoted("pos"), len(quoted(["word"] * 10**6)) <= 100
    ("'pos'", True)
    """
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = _LONGEST
    text = short.repr(value)
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 3] + "..."
    return text
