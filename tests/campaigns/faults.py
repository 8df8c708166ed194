"""Damages every file that a run reads, fills its disk, makes it read-only.

    python tests/campaigns/faults.py [--backend=jax] [--write=FILE]

A start with a damaged file, cut off or with a bit flipped, must end with one
line and a status, or rightly go on and come to the same. One on a full disk
ends with a line and comes to the same when it is resumed with room; one in a
folder that is read-only ends with a line, or comes to the same if it need not
write. Disks are small ones in memory, for which root mounts a `tmpfs`.

Commands run in one process a backend. What was tried is kept in `--work`: a
campaign that was interrupted goes on there.
"""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys

import runs
import trials

BACKENDS = "tensorflow", "jax"
VERDICTS = "refused", "equal", "wrong"


def found(work):
    """Returns what was tried, a list of dicts."""
    path = work / "found.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def run(python, backend, work, options, seconds):
    """Tries everything on a backend, in processes one after the other.

    One that dies is at fault with what it was trying; the next one goes on.
    """
    work.mkdir(parents=True, exist_ok=True)
    while True:
        trying = work / "trying"
        trying.unlink(missing_ok=True)
        with open(work / "log", "ab") as log:
            ended = subprocess.run(
                [python, trials.__file__, work, *options],
                env=runs.environment(backend),
                stdout=log,
                stderr=log,
                timeout=seconds,
            )
        if not ended.returncode:
            return
        if not trying.exists():
            raise SystemExit(f"It did not begin: see {work / 'log'}.")
        note = json.loads(trying.read_text())
        note |= {"verdict": "wrong", "told": f"died: {ended.returncode}"}
        with open(work / "found.jsonl", "a") as file:
            file.write(json.dumps(note) + "\n")


def table(tried):
    """Returns the Markdown table of what was tried, by scene and file."""
    counts = collections.defaultdict(collections.Counter)
    for note in tried:
        scene = re.sub(r"[0-9a-f]{32}/", "", note["file"])
        counts[note["scene"], scene][note["verdict"]] += 1
        counts["all", ""][note["verdict"]] += 1
    lines = [
        ["start", "what is damaged", *VERDICTS],
        ["---", "---", *["---:"] * len(VERDICTS)],
        *([*key, *(n[v] for v in VERDICTS)] for key, n in counts.items()),
    ]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--backend", choices=[*BACKENDS, "both"], default="both"
    )
    parser.add_argument(
        "--flips", type=int, default=3, help="bits flipped in each file"
    )
    parser.add_argument("--only", nargs="*", default=[], help="scenes")
    parser.add_argument("--minutes", type=float, default=30.0, help="at most")
    parser.add_argument("--work", default=runs.ROOT / "runs/campaigns/faults")
    parser.add_argument("--anew", action="store_true", help="forget the last")
    parser.add_argument("--write", help="file for the table")
    parser.add_argument("--python", default=runs.ROOT / ".venv/bin/python")
    parser.add_argument(
        "--jax_python", default=runs.ROOT / ".venv-jax/bin/python"
    )
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work).resolve()
    if arguments.anew:
        shutil.rmtree(work, ignore_errors=True)
    pythons = {"tensorflow": arguments.python, "jax": arguments.jax_python}
    backends = BACKENDS
    if arguments.backend != "both":
        backends = (arguments.backend,)
    options = [str(arguments.flips), *arguments.only]
    seconds = 60 * arguments.minutes

    def tried_on(backend):
        run(pythons[backend], backend, work / backend, options, seconds)
        return found(work / backend)

    with concurrent.futures.ThreadPoolExecutor() as pool:
        tried = sum(pool.map(tried_on, backends), [])
    for note in tried:
        if note["verdict"] == "wrong":
            print(
                *(note[k] for k in ("scene", "file", "way", "told")), sep=": "
            )
    print(text := table(tried))
    if arguments.write:
        pathlib.Path(arguments.write).write_text(text + "\n")
    return any(note["verdict"] == "wrong" for note in tried)


if __name__ == "__main__":
    sys.exit(main())
