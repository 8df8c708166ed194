"""How an error quotes what it was given."""

_LONGEST = 100


def shorten(text):
    """Returns a text, cut short where it is long.

    Example:

    >>> shorten("a" * 1000) == "a" * 100 + "..."
    True
    """
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def quoted(value):
    """Returns a value as Python writes it, cut short where it is long."""
    try:
        return shorten(repr(value))
    except ValueError:
        # Python writes no integer of more than 4,300 digits.
        return "an integer of thousands of digits"
