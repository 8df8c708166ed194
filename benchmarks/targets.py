"""What the benchmarks are to reach: a goal, and the least that is accepted.

Every number is a ratio of medians in one run; `verdict` says how it compares.
"""

from typing import NamedTuple

from measuring import table

SMALL, LARGE = "32,200,128,256", "64,400,256,512"


class Target(NamedTuple):
    """A number of the results, and what it is to be.

    `number` takes the results of all benchmarks, a dict by their names, and
    returns it; it raises a `LookupError` where it was not measured. Without a
    goal it is only told.
    """

    name: str
    number: object
    goal: float | None = None
    least: float | None = None
    lower_is_better: bool = False


def _step(name, shape, goal, least, lower_is_better=False):
    size = {SMALL: "small", LARGE: "large"}[shape]
    ours, _, rest = name.partition(" / ours, ")
    title = f"{rest} step, ours / {ours}" if rest else f"{name} step"
    return Target(
        f"{title.replace('ours: ', '')}, {size}",
        lambda found: found["step_time"]["shapes"][shape]["ratios"][name][
            "median"
        ],
        goal,
        least,
        lower_is_better,
    )


def _inference(max_length):
    def number(found):
        rows = {
            row["max_length"]: row
            for row in found["inference"]["rows"]
            if row["at_once"] == "all"
        }
        return rows[max_length]["ours_to_keras"]["median"]

    name = "documents/s, ours / `keras.Model.predict`, at most"
    return Target(f"{name} {max_length} words", number, 4.0, 2.0)


def _exponent(kind, of):
    return Target(
        f"exponent of a step in {of} (1: linear)",
        lambda found: found["growth"]["fitted"][kind]["exponent"]["median"],
    )


def _memory(found):
    once, repeated = found["data"]["growth"]
    return round(repeated["peak_mb"] / once["peak_mb"], 2)


TARGETS = [
    _step("PyTorch / ours, plain", LARGE, 1.0, 0.9),
    _step("PyTorch / ours, plain", SMALL, 1.0, 0.7),
    _step("Keras on TensorFlow / ours, plain", LARGE, 1.6, 1.4),
    _step("Keras on TensorFlow / ours, plain", SMALL, 2.1, 1.5),
    _step("nested tapes / ours, AT", LARGE, 2.1, 1.8),
    _step("nested tapes / ours, AT", SMALL, 2.7, 2.0),
    _step("ours: AT / plain", LARGE, 2.0, 2.15, lower_is_better=True),
    _step("ours: AT / plain", SMALL, 2.0, 2.15, lower_is_better=True),
    _step("ours: VAT / plain", LARGE, 2.67, 2.9, lower_is_better=True),
    _step("ours: VAT / plain", SMALL, 2.67, 2.9, lower_is_better=True),
    _step("PyTorch / ours, AT", LARGE, 1.0, 0.85),
    _step("PyTorch / ours, AT", SMALL, 1.0, 0.85),
    Target(
        "documents/s to token ids, ours / plain Python",
        lambda found: found["data"]["speed"]["ratio"]["median"],
        2.0,
        1.5,
    ),
    _inference(400),
    _inference(2500),
    _exponent("time", "the length"),
    _exponent("vocabulary", "the vocabulary"),
    Target("memory to prepare the repeated corpus / the corpus", _memory),
]


def verdict(measured, goal, least, lower_is_better=False):
    """Returns which of both a number reaches, in words."""
    if measured is None:
        return "not measured"
    if goal is None:
        return "told only"
    sign = -1 if lower_is_better else 1
    if sign * measured >= sign * goal:
        return "goal"
    return "least" if sign * measured >= sign * least else "not reached"


def targets_table(found, targets=TARGETS):
    """Returns the Markdown table of targets.

    Args:
        found: Dict from names of benchmarks to their results.
        targets: List of `Target`.
    """
    rows = []
    for name, number, *bounds, lower_is_better in targets:
        try:
            measured = number(found)
        except LookupError:
            measured = None
        sign = "at most " if lower_is_better else "at least "
        rows.append(
            (
                name,
                *("" if b is None else f"{sign}{b}" for b in bounds),
                "" if measured is None else measured,
                verdict(measured, *bounds, lower_is_better),
            )
        )
    return table(("ratio", "goal", "least", "measured", "reached"), rows)
