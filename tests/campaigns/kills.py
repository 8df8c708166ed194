"""Kills runs again and again; each must end as the one that nobody killed.

    python tests/campaigns/kills.py --kills=300 [--backend=jax] [--write=FILE]

Every command runs to its end once. Then runs of it are begun and killed, by
`kill -9` and now and then by SIGTERM or SIGINT, some times each: after the
imports or during them, or while a file is being written; gone on with by
`--resume`, to the end; and compared: numbers, weights to the bit, no file too
many. Every run makes its own token cache. Moments are counted in seconds of
the processor, so a machine that is busy kills at the same ones.

`--work` keeps what was found: a campaign that was interrupted goes on, its
counts add up. It takes some 8 seconds a kill on one core.
"""

import argparse
import collections
import concurrent.futures
import functools
import hashlib
import json
import pathlib
import random
import shutil
import signal
import sys
import threading
import time

import moments
import runs
import small_runs
from interrupted import SIGNALS, Interrupted, Straight

COMMANDS = "pretrain", "train", "table", "image"
BACKENDS = "tensorflow", "jax"


class Campaign:
    """Runs, and what became of them.

    Args:
        arguments: Parsed flags.
    """

    def __init__(self, arguments):
        self.work = pathlib.Path(arguments.work).resolve()
        self.pythons = {
            "tensorflow": arguments.python,
            "jax": arguments.jax_python,
        }
        self.backends = BACKENDS
        if arguments.backend != "both":
            self.backends = (arguments.backend,)
        self.goal = arguments.kills
        self.deadline = time.monotonic() + 60 * arguments.minutes
        self.lock = threading.Lock()
        self.state = self.work / "found.jsonl"
        self.seed = arguments.seed
        self.straight = {}
        self.first = collections.defaultdict(threading.Lock)
        self._open()

    def _open(self):
        """Goes on with the campaign in `work`, if it is of these sources."""
        self.work.mkdir(parents=True, exist_ok=True)
        sources = hashlib.sha256()
        for path in sorted((runs.ROOT / "advtext").rglob("*.py")):
            sources.update(path.read_bytes())
        mark = self.work / "sources"
        if mark.exists() and mark.read_text() != sources.hexdigest():
            raise SystemExit(
                f"{self.work} holds a campaign on other sources. Take it away, "
                "or name another folder with --work."
            )
        mark.write_text(sources.hexdigest())
        small_runs.write(self.work / "inputs")

    def found(self):
        """Returns what the finished runs came to, a list of dicts."""
        if not self.state.exists():
            return []
        with self.lock:
            lines = self.state.read_text().splitlines()
        return [json.loads(line) for line in lines]

    def num_kills(self):
        return sum(
            number
            for run in self.found()
            for kind, number in run["kills"].items()
            if kind not in SIGNALS
        )

    def is_over(self):
        late = time.monotonic() > self.deadline
        return late or self.num_kills() >= self.goal

    def arguments(self, command, backend, folder):
        """Returns the arguments of a run in `folder/run`."""
        return small_runs.arguments(
            command,
            self.work / "inputs",
            folder,
            self.work / f"pretrain-{backend}" / "run",
        )

    def straight_of(self, command, backend):
        """Returns the `Straight` of a command; one thread runs it."""
        if command == "train":
            self.straight_of("pretrain", backend)
        with self.first[command, backend]:
            if (command, backend) not in self.straight:
                self._go_straight(command, backend)
        return self.straight[command, backend]

    def _go_straight(self, command, backend):
        """Runs a command to its end, unless a campaign before did."""
        folder = self.work / f"{command}-{backend}"
        measured = self.work / f"{command}-{backend}.json"
        if not measured.exists():
            times = self._timed(command, backend, folder)
            measured.write_text(json.dumps(times))
        times = json.loads(measured.read_text())
        found = Straight(runs.outcome(folder), **times)
        self.straight[command, backend] = found
        print(f"{command} on {backend}: {found.seconds:.1f} s", flush=True)

    def _timed(self, command, backend, folder):
        """Runs a command to its end; returns the numbers of `Straight`."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        watch = moments.Watch(folder)
        run = runs.Command(
            self.pythons[backend],
            backend,
            self.arguments(command, backend, folder),
        )
        seconds = importing = 0.0
        while run.process.poll() is None:
            seconds = moments.worked(run.process) or seconds
            watch.look()
            if not watch.began:
                importing = seconds
            time.sleep(0.002)
        ended = run.end()
        if ended.status:
            raise SystemExit(f"{command} on {backend} failed: {ended.err}")
        return {
            "seconds": seconds,
            "importing": importing,
            "written": watch.count,
        }

    def interrupted(self, number):
        """Does a run with interruptions, and notes what it came to."""
        draw = random.Random(f"{self.seed}/{number}")
        command = COMMANDS[number % len(COMMANDS)]
        backend = self.backends[number // len(COMMANDS) % len(self.backends)]
        folder = self.work / f"run-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        straight = self.straight_of(command, backend)
        start = functools.partial(
            runs.Command,
            self.pythons[backend],
            backend,
        )
        arguments = self.arguments(command, backend, folder)
        run = Interrupted(start, arguments, straight, folder, draw)
        differs = run.to_the_end(self.is_over)
        note = {"command": command, "backend": backend, "number": number}
        note |= {"kills": dict(run.kills), "differs": differs}
        note["trouble"] = run.trouble
        with self.lock, open(self.state, "a") as file:
            file.write(json.dumps(note) + "\n")
        for wrong in (*(f"differs: {name}" for name in differs), *run.trouble):
            print(f"run {number}, {command} on {backend}: {wrong}")
        if not differs:
            shutil.rmtree(folder)
        told = ", ".join(f"{kind} {n}" for kind, n in run.kills.items())
        print(f"{self.num_kills()} kills; {command} {backend}: {told}")
        sys.stdout.flush()


def table(found):
    """Returns the Markdown table of what runs came to.

    The last column counts ends that were not one line and the right status.
    """
    kinds = sorted({kind for run in found for kind in run["kills"]})
    header = ["command", "backend", *kinds, "runs", "equal", "not equal"]
    header.append("badly told")
    lines = [header, ["---", "---", *["---:"] * (len(header) - 2)]]
    names = sorted({(run["command"], run["backend"]) for run in found})
    total = ["all", ""]
    for name in [*names, None]:
        of = [
            run
            for run in found
            if name in (None, (run["command"], run["backend"]))
        ]
        cells = [sum(run["kills"].get(k, 0) for run in of) for k in kinds]
        different = sum(bool(run["differs"]) for run in of)
        cells += [len(of), len(of) - different, different]
        cells.append(sum(len(run["trouble"]) for run in of))
        lines.append([*(name or total), *cells])
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=30.0, help="at most")
    parser.add_argument(
        "--backend", choices=[*BACKENDS, "both"], default="both"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--work", default=runs.ROOT / "runs/campaigns/kills")
    parser.add_argument("--write", help="file for the table")
    parser.add_argument("--python", default=runs.ROOT / ".venv/bin/python")
    parser.add_argument(
        "--jax_python", default=runs.ROOT / ".venv-jax/bin/python"
    )
    return parser.parse_args()


def main():
    arguments = parsed()
    # Begun in the background it would be ignored, by the runs too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    campaign = Campaign(arguments)

    first = 1 + max((run["number"] for run in campaign.found()), default=-1)
    numbers = iter(range(first, 10**9))

    def work():
        while not campaign.is_over():
            with campaign.lock:
                number = next(numbers)
            campaign.interrupted(number)

    with concurrent.futures.ThreadPoolExecutor(arguments.workers) as pool:
        workers = [pool.submit(work) for _ in range(arguments.workers)]
    for worker in workers:
        worker.result()
    found = campaign.found()
    text = table(found)
    print(f"\n{text}")
    if arguments.write:
        pathlib.Path(arguments.write).write_text(text + "\n")
    return any(run["trouble"] or run["differs"] for run in found)


if __name__ == "__main__":
    sys.exit(main())
