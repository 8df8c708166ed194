"""What the benchmarks share: taking turns, ratios, tables.

Machines drift and are shared. All that is compared takes turns in one run, and
a figure is the median over the rounds of a ratio within a round.
"""

import importlib.metadata
import json
import os
import platform
import statistics
import time


def timed(function, *args):
    """Returns the seconds that a call takes."""
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def take_turns(cases, rounds=7, warm_up=1, dropped=2, kept=2):
    """Gives every case a turn in each round: several calls of it in a row.

    The first calls of a turn are not those of a training: the caches hold what
    the case before left there, the matrix units of the processor and its
    threads may sleep. They are dropped.

    Args:
        cases: Dict from names to functions without arguments, which return
            what was measured.
        rounds: How many turns of each count.
        warm_up: Rounds before that do not count.
        dropped: Calls at the start of a turn that do not count; 0 for what
            is warm by itself, as a process of its own, or many steps, is.
        kept: Calls after them; a turn's number is their median.

    Returns:
        Dict from names to lists of `rounds` numbers.
    """
    found = {name: [] for name in cases}
    for done in range(warm_up + rounds):
        for name, measure in cases.items():
            numbers = [measure() for _ in range(dropped + kept)]
            if done >= warm_up:
                found[name].append(statistics.median(numbers[dropped:]))
    return found


def ratio(numerators, denominators):
    """Returns the median over the rounds of a ratio, and its quartiles."""
    ratios = [a / b for a, b in zip(numerators, denominators, strict=True)]
    lowest, middle, highest = statistics.quantiles(ratios, method="inclusive")
    return {
        "median": round(middle, 3),
        "quartiles": [round(lowest, 3), round(highest, 3)],
    }


def table(header, rows):
    """Returns a Markdown table of strings and numbers."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def report(name, text, result, packages=()):
    """Prints a section of Markdown, then everything as one JSON line.

    Args:
        name: The benchmark's.
        text: Markdown, its tables included.
        result: Dict of what was measured.
        packages: Names of the packages whose versions matter.
    """
    print(text)
    print(
        json.dumps({"benchmark": name, **result, "machine": machine(packages)}),
        flush=True,
    )


def machine(packages=()):
    """Returns what the figures hold for: processor, cores, versions."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": {
            package: importlib.metadata.version(package)
            for package in ("keras", "numpy", *packages)
        },
    }


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
