"""What a row of the image experiments comes to."""

import dataclasses
import math
import statistics


@dataclasses.dataclass
class Outcome:
    """Numbers beside the published ones, tables and figures of one row.

    Args:
        results: What `result` returned, for each number.
        tables: Dict from title to rows, as `advtext.evaluation` makes them.
        figures: Dict from file name to a function that draws it at a path.
        notes: Sentences on how it was done.
    """

    results: list = dataclasses.field(default_factory=list)
    tables: dict = dataclasses.field(default_factory=dict)
    figures: dict = dataclasses.field(default_factory=dict)
    notes: list = dataclasses.field(default_factory=list)


def result(what, published, values):
    """Returns a measured number beside the published one.

    Args:
        what: A few words, with the unit.
        published: The number of the paper; `None` where there is none.
        values: What was measured, one number or one for each seed; `None` is
            left out.
    """
    if not isinstance(values, list):
        values = [values]
    found = [float(value) for value in values if value is not None]
    return {
        "what": what,
        "published": published,
        "measured": statistics.fmean(found) if found else None,
        "spread": statistics.stdev(found) if len(found) > 1 else None,
        "values": found,
    }


def shown(number):
    """Returns a number for a table: two decimals, or three digits below 0.1."""
    if number is None:
        return "-"
    if isinstance(number, str):
        return number
    if number and abs(number) < 0.1 and math.isfinite(number):
        return f"{number:.2g}"
    return f"{number:.2f}"
