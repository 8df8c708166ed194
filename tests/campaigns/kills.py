"""Kills runs again and again; each must end as the one that nobody killed.

    python tests/campaigns/kills.py --kills=300 [--backend=jax] [--write=FILE]

Every command runs to its end once. Then runs of it are begun and killed, by
`kill -9` and now and then by SIGTERM or SIGINT, some times each: at any moment,
during the imports, or while a file is being written; gone on with by
`--resume`, to the end; and compared: numbers, weights to the bit, no file too
many. Every run makes its own token cache.

`--work` keeps what was found: a campaign that was interrupted goes on, its
counts add up. It takes some 8 seconds a kill on one core.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import threading
import time

import cases
import moments
import runs

COMMANDS = "pretrain", "train", "table", "image"
BACKENDS = "tensorflow", "jax"
# Of ten interruptions.
KINDS = (
    *["any moment"] * 3,
    *["a file"] * 3,
    *["imports"] * 2,
    "SIGTERM",
    "SIGINT",
)
SIGNALS = {
    "SIGTERM": (signal.SIGTERM, 143),
    "SIGINT": (signal.SIGINT, 130),
}


# Within so many seconds Python may not have come to our first line.
_START = 0.5


@dataclasses.dataclass(frozen=True)
class Straight:
    """A run that was not interrupted.

    Args:
        outcome: As of `runs.outcome`.
        seconds: How long it took.
        importing: How long it took until it looked for its files.
        written: How many files were seen while they were being written.
    """

    outcome: dict
    seconds: float
    importing: float
    written: int


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
        cases.write(self.work / "inputs")

    def found(self):
        """Returns what the finished runs came to, a list of dicts."""
        if not self.state.exists():
            return []
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
        return cases.arguments(
            command,
            self.work / "inputs",
            folder,
            self.work / f"pretrain-{backend}" / "run",
        )

    def go_straight(self, command, backend):
        """Runs a command to its end, once."""
        folder = self.work / f"{command}-{backend}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        begun = time.monotonic()
        watch = moments.Watch(folder)
        run = runs.Command(
            self.pythons[backend],
            backend,
            self.arguments(command, backend, folder),
        )
        while run.process.poll() is None:
            watch.look()
            time.sleep(0.002)
        seconds = time.monotonic() - begun
        ended = run.end()
        if ended.status:
            raise SystemExit(f"{command} on {backend} failed: {ended.err}")
        self.straight[command, backend] = Straight(
            runs.outcome(folder),
            seconds,
            (watch.first or begun) - begun,
            watch.count,
        )
        print(f"{command} on {backend}: {seconds:.1f} s", flush=True)

    def interrupted(self, number):
        """Does a run with interruptions, and notes what it came to."""
        draw = random.Random(f"{self.seed}/{number}")
        command = COMMANDS[number % len(COMMANDS)]
        backend = self.backends[number // len(COMMANDS) % len(self.backends)]
        folder = self.work / f"run-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        run = Interrupted(self, command, backend, folder, draw)
        trouble = run.to_the_end()
        note = {"command": command, "backend": backend, "number": number}
        note |= {"kills": dict(run.kills), "trouble": trouble}
        with self.lock, open(self.state, "a") as file:
            file.write(json.dumps(note) + "\n")
        if trouble:
            print(f"run {number}, {command} on {backend}:", *trouble, sep="\n")
        else:
            shutil.rmtree(folder)
        told = ", ".join(f"{kind} {n}" for kind, n in run.kills.items())
        print(f"{self.num_kills()} kills; {command} {backend}: {told}")
        sys.stdout.flush()


class Interrupted:
    """A run that is interrupted a few times.

    Attributes:
        kills: How often, by the kind of the moment.
    """

    def __init__(self, campaign, command, backend, folder, draw):
        self.campaign, self.folder, self.draw = campaign, folder, draw
        self.backend = backend
        self.python = campaign.pythons[backend]
        self.straight = campaign.straight[command, backend]
        self.arguments = campaign.arguments(command, backend, folder)
        self.kills = collections.Counter()

    def to_the_end(self):
        """Returns what went wrong, a list of strings."""
        trouble = []
        resume = []
        kinds = self.draw.choices(KINDS, k=self.draw.randint(6, 12))
        for kind in [*kinds, None]:
            run = runs.Command(
                self.python, self.backend, [*self.arguments, *resume]
            )
            resume = ["--resume"]
            begun = time.monotonic()
            hit = self._interrupt(run.process, kind) if kind else ""
            early = time.monotonic() - begun < _START
            ended = run.end()
            if not hit and ended.status:
                trouble += [ended.trouble([0])]
            if not hit:
                break
            self.kills[hit] += 1
            if hit in SIGNALS:
                trouble += _told(ended, hit, early)
        return trouble + self._compared()

    def _compared(self):
        found = runs.outcome(self.folder)
        trouble = [
            f"differs: {name}"
            for name in runs.differences(self.straight.outcome, found)
        ]
        return trouble + [f"left: {n}" for n in runs.left_over(self.folder)]

    def _interrupt(self, process, kind):
        """Ends a process at a moment; returns its kind, or "" if it was late.

        A file that is written counts by where it is.
        """
        straight, draw = self.straight, self.draw
        if kind == "a file":
            # The first ones more often: a run that goes on writes fewer.
            number = 1 + int(straight.written * draw.random() ** 2)
            watch = moments.Watch(self.folder)
            name = watch.wait(process, number, 2 * straight.seconds)
            if name is None:
                return ""
            time.sleep(draw.choice([0.0, 0.0, draw.uniform(0, 0.01)]))
            kind = "token cache" if name.startswith("cache") else "checkpoint"
        else:
            end = straight.seconds
            if kind == "imports":
                end = straight.importing
            moments.sleep(process, draw.uniform(0.0, end))
        number = signal.SIGKILL
        if kind in SIGNALS:
            number = SIGNALS[kind][0]
        if process.poll() is not None:
            return ""
        os.kill(process.pid, number)
        process.wait(60)
        return "" if process.returncode == 0 else kind


def _told(ended, kind, early):
    """Returns what is wrong with how a run told that it was interrupted."""
    _, status = SIGNALS[kind]
    if early and "advtext" not in ended.err:
        # Python itself was still starting.
        return []
    trouble = ended.trouble([status])
    return [f"{kind}: {trouble}"] if trouble else []


def table(found):
    """Returns the Markdown table of what runs came to."""
    kinds = sorted({kind for run in found for kind in run["kills"]})
    header = ["command", "backend", "runs", "equal", *kinds]
    lines = [header, ["---", "---", *["---:"] * (len(header) - 2)]]
    names = sorted({(run["command"], run["backend"]) for run in found})
    total = ["all", ""]
    for name in [*names, None]:
        of = [
            run
            for run in found
            if name in (None, (run["command"], run["backend"]))
        ]
        cells = [len(of), sum(not run["trouble"] for run in of)]
        cells += [sum(run["kills"].get(k, 0) for run in of) for k in kinds]
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
    campaign = Campaign(arguments)
    for backend in campaign.backends:
        for command in COMMANDS:
            campaign.go_straight(command, backend)
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
    return any(run["trouble"] for run in found)


if __name__ == "__main__":
    sys.exit(main())
