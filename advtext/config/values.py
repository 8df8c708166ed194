"""What a field of a configuration may hold: its rule, parsing, checking."""

import dataclasses
import difflib
import math
import operator
import re
import typing

from advtext.quoting import listed, quoted

LIMITS = {
    "at_least": (">=", operator.ge),
    "above": (">", operator.gt),
    "at_most": ("<=", operator.le),
    "below": ("<", operator.lt),
}
KINDS = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a text",
}

# What counts steps, tokens and units has 32 bits.
TOO_LARGE = 2**31

SURROGATE = re.compile("[\ud800-\udfff]")


def setting(default, help, **metadata):
    """Returns a field of a configuration, with its meaning, range and unit."""
    return dataclasses.field(
        default=default, metadata={"help": help, **metadata}
    )


def check_all(config):
    """Checks every field of a configuration that is being made."""
    for field in dataclasses.fields(config):
        value = check(field, getattr(config, field.name))
        object.__setattr__(config, field.name, value)


def fields_of(kind):
    """Returns the fields of a configuration's class, by their names."""
    return {field.name: field for field in dataclasses.fields(kind)}


def item_type(field):
    """Returns the type of a field's value, or of its items for a list."""
    return field.type.__args__[0] if is_list(field) else field.type


def is_list(field):
    """Tells whether a field holds a list."""
    return typing.get_origin(field.type) is tuple


def rule(field):
    """Says in words what a field accepts.

    Args:
        field: A field of a configuration.

    Returns:
        Words that follow "must be".

    Example:

    >>> from advtext.config import Config
    >>> rule(fields_of(Config)["embedding_dropout"])
    'a number >= 0 and < 1'
    """
    data = field.metadata
    if "choices" in data:
        words = "one of " + ", ".join(data["choices"])
    else:
        words = KINDS[item_type(field)]
    limits = [
        f"{sign} {data[name]}"
        for name, (sign, _) in LIMITS.items()
        if name in data
    ]
    words = f"{words} {' and '.join(limits)}".rstrip()
    return f"a list, each {words}" if is_list(field) else words


def describe(field):
    """Returns the line that flags and saved files show for a field."""
    unit = field.metadata.get("unit")
    limits = rule(field) + (f", in {unit}" if unit else "")
    return f"{field.metadata['help']} ({limits})"


def check(field, value):
    """Returns `value` in the field's own type, or refuses it.

    Args:
        field: A field of a configuration.
        value: What a file, a flag or a caller gave for it.

    Returns:
        The value; an integer becomes a float and a list becomes a tuple
        where the field wants that.

    Raises:
        ValueError: If type, range or choice is wrong. The message names the
            field, what it accepts, the value and the nearest choice.
    """
    if not is_list(field):
        return _check_item(field, value, value)
    items = value if isinstance(value, (list, tuple)) else ()
    if not items:
        _refuse(field, value, "It must have at least one item.")
    items = tuple(_check_item(field, item, value) for item in items)
    if len(set(items)) < len(items):
        _refuse(field, value, "An item stands there twice.")
    return items


def parse(field, text):
    """Turns the text of a flag into a checked value.

    Args:
        field: A field of a configuration.
        text: What stands after the flag; items of a list have commas.

    Returns:
        The value, as `check` returns it.

    Raises:
        ValueError: As `check`.

    Example:

    >>> from advtext.config import Config
    >>> parse(fields_of(Config)["seeds"], "0,1,2")
    (0, 1, 2)
    """
    if is_list(field):
        parts = [part.strip() for part in text.split(",")]
        return check(field, [_parse_item(field, part) for part in parts])
    return check(field, _parse_item(field, text))


def nearest(name, names):
    """Returns a hint that names the nearest of `names`, or lists them all.

    Example:

    >>> nearest("epsilom", ["epsilon", "epochs"])
    'did you mean `epsilon`?'
    """
    close = [other for other in names if other.startswith(name)]
    if len(close) != 1:
        close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known: {listed(list(names))}"


def _parse_item(field, text):
    kind = item_type(field)
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return kind(text)
    except ValueError:
        return text


def _check_item(field, item, received):
    kind = item_type(field)
    if kind is float and type(item) is int:
        item = float(item) if abs(item) < 2**1023 else math.inf
    if type(item) is not kind:
        _refuse(field, received)
    if kind is float and not math.isfinite(item):
        _refuse(field, received, "It must be finite.")
    if kind is str and SURROGATE.search(item):
        _refuse(field, received, "It is not valid Unicode.")
    if kind is int and "at_most" not in field.metadata and item >= TOO_LARGE:
        _refuse(field, received, "It is too large.")
    choices = field.metadata.get("choices")
    if choices and item not in choices:
        close = difflib.get_close_matches(item, choices, n=1)
        _refuse(field, received, *(f"Did you mean '{it}'?" for it in close))
    for name, (_, holds) in LIMITS.items():
        if name in field.metadata and not holds(item, field.metadata[name]):
            _refuse(field, received)
    return item


def _refuse(field, value, hint=""):
    message = (
        f"`{field.name}` must be {rule(field)}. "
        f"Received: {field.name}={quoted(value)}. {hint}"
    )
    raise ValueError(message.rstrip())
