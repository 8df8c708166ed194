"""How an error quotes what it was given."""

import re
import reprlib

_LONGEST = 100
_MOST = 12


def shorten(text):
    """Returns a text, cut short where it is long.

    Example:

    >>> shorten("a" * 1000) == "a" * 100 + "..."
    True
    """
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def printable(text):
    """Returns a text or a path, with what no terminal shows written out.

    Names of files may hold line ends, and commands to a terminal.

    Example:

    >>> print(printable("red\\x1b[31m.csv"))
    red\\x1b[31m.csv
    """
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))


def listed(names):
    """Returns the first of a list of names, and how many more there are.

    Example:

    >>> listed(["a", "b"]), listed(["name"] * 1000)[-13:]
    ('a, b', ' and 988 more')
    """
    more = f" and {len(names) - _MOST} more" * (len(names) > _MOST)
    return ", ".join(names[:_MOST]) + more


def quoted(value):
    """Returns a value as Python writes it, cut short where it is long.

    Example:

    >>> quoted("pos"), len(quoted(["word"] * 10**6)) <= 103
    ("'pos'", True)
    """
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = _LONGEST
    try:
        # An array is written in several lines.
        return shorten(re.sub(r"\s*\n\s*", " ", short.repr(value)))
    except ValueError:
        # Python writes no integer of more than 4,300 digits.
        return "an integer of thousands of digits"
