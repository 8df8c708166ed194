"""Runs all benchmarks one after the other; writes benchmarks/RESULTS.md.

    python benchmarks/run_all.py [--quick] [--only growth attacks]

The file begins with what the figures hold for and the table of targets. A
benchmark that fails leaves the last line of its error, the others still run,
and the exit status is 1. Progress is on the standard error, and the JSON lines
of the benchmarks are on the standard output. The data are those of each
benchmark: set ADVTEXT_DATA to the folder that holds `imdb` and `mnist`.
"""

import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import quick
from targets import targets_table

from advtext.atomic_file import atomic_file

HERE = pathlib.Path(__file__).parent
# Names, and the flags with which all take less than a quarter of an hour.
BENCHMARKS = {
    "step_time": ["--rounds", "7"],
    "growth": ["--rounds", "9"],
    "language_model": ["--rounds", "7"],
    "data": [],
    "inference": ["--single", "4"],
    "attacks": ["--examples", "64"],
}


def run(name, command):
    """Runs one benchmark.

    Args:
        name: Its name.
        command: List of strings, the program and its arguments.

    Returns:
        Dict: `name`, `seconds`, `text` (Markdown), and `result`, what its JSON
        line holds, or `error`, one line.
    """
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    found = {"name": name, "seconds": round(time.perf_counter() - start, 1)}
    text, _, last = done.stdout.rstrip().rpartition("\n")
    if done.returncode:
        error = done.stderr.rstrip() or f"exit status {done.returncode}"
        return {**found, **_failure(name, error.splitlines()[-1])}
    try:
        return {**found, "text": text.strip(), "result": json.loads(last)}
    except ValueError:
        return {**found, **_failure(name, "its last line is not JSON")}


def _failure(name, error):
    return {"text": f"## {name}\n\nFailed: `{error}`", "error": error}


def results_file(runs, command, date, hindrances):
    """Returns the text of RESULTS.md.

    Args:
        runs: List of what `run` returned.
        command: What was called, as one string.
        date: Its date.
        hindrances: Markdown that is written by hand, for the end.
    """
    results = {each["name"]: each.get("result", {}) for each in runs}
    seconds = ", ".join(f"{r['name']} {r['seconds']:.0f}" for r in runs)
    total = sum(each["seconds"] for each in runs) / 60
    return (
        "\n\n".join(
            [
                "# Benchmarks",
                f"`{command}`, {date}{_machine(results.values())}. It "
                f"took {total:.1f} minutes (seconds: {seconds}). All that is "
                "compared took turns.",
                "## Targets",
                targets_table(results),
                *(each["text"] for each in runs),
                hindrances.strip(),
            ]
        )
        + "\n"
    )


def _machine(results):
    """Returns processor, cores and versions, those of all results."""
    machines = [each["machine"] for each in results if "machine" in each]
    if not machines:
        return ""
    versions = {}
    for machine in machines:
        versions |= machine["versions"]
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    first = machines[0]
    return (
        f", {first['processor']}, {first['cores']} cores, "
        f"Python {first['python']}, {told}"
    )


def run_all(commands, told=sys.stderr):
    """Runs benchmarks one after the other.

    Args:
        commands: Dict from their names to their commands.
        told: Where progress goes.

    Returns:
        List of what `run` returned.
    """
    runs = []
    for name, command in commands.items():
        print(f"{name} ...", file=told, flush=True)
        runs.append(run(name, command))
        how = runs[-1].get("error", "done")
        print(f"{name}: {runs[-1]['seconds']} s, {how}", file=told, flush=True)
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="small settings, to try it"
    )
    parser.add_argument(
        "--only", nargs="+", choices=BENCHMARKS, default=BENCHMARKS
    )
    parser.add_argument(
        "--output", default=HERE / "RESULTS.md", help="the file to write"
    )
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands = {}
        for name in args.only:
            flags = BENCHMARKS[name]
            if args.quick:
                flags = quick.flags(name, folder)
            script = str(HERE / f"{name}.py")
            commands[name] = [sys.executable, script, *flags]
        runs = run_all(commands)
    for each in runs:
        if "result" in each:
            print(json.dumps(each["result"]))
    text = results_file(
        runs,
        " ".join(["python benchmarks/run_all.py", *sys.argv[1:]]),
        datetime.date.today(),
        (HERE / "what_holds_back.md").read_text(encoding="utf-8"),
    )
    with atomic_file(args.output) as file:
        file.write(text.encode())
    return any("error" in each for each in runs)


if __name__ == "__main__":
    sys.exit(main())
