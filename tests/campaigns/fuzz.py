"""A fuzz of the readers and of every public class and function.

    python tests/campaigns/fuzz.py --minutes=5
    python tests/campaigns/fuzz.py --only='attacks|text' --seed=7

Arbitrary input ends in an answer, or in a ValueError, a TypeError or an
OSError that the package raises, with a message of at most 600 characters:
never in another exception, in a message from the inside of a library, or not
at all. Prints the smallest inputs that end otherwise, and then ends with
status 1. The same seed tries the same inputs, as far as the time goes.
"""

import argparse
import multiprocessing
import os
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import hypothesis  # noqa: E402
import shared  # noqa: E402
from fuzz_constructors import constructor_targets, is_nonsense  # noqa: E402
from fuzz_judge import Judge, Violation  # noqa: E402
from fuzz_readers import reader_targets  # noqa: E402

# Inputs of a target, if the time is enough; seconds that one may be late.
_MOST, _LATE = 400, 60.0
_MEMORY = 8 * 2**30
_FOUND = Violation, ExceptionGroup, hypothesis.errors.HypothesisException


def main():
    given = _parser().parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryDirectory() as folder:
        os.environ[shared.FOLDER] = str(given.shared or f"{folder}/shared")
        Path(os.environ[shared.FOLDER]).mkdir(parents=True, exist_ok=True)
        bad = _Fuzz(Path(folder) / "here", given).run()
    print(f"\n{bad} kinds of inputs end as none may.")
    return bad > 0


class _Fuzz:
    """One process after the other: a new one where one hangs or dies."""

    def __init__(self, here, given):
        self.here, self.given = here, given
        self.left = None
        self.bad = 0

    def run(self):
        while self.left is None or self.left:
            self._one_process()
        return self.bad

    def _one_process(self):
        context = multiprocessing.get_context("spawn")
        pipe, other = context.Pipe()
        process = context.Process(
            target=_serve,
            args=(other, self.here, self.given, self.left),
        )
        process.start()
        other.close()
        try:
            if not pipe.poll(600):
                raise RuntimeError("The process did not start.")
            seconds, self.left = pipe.recv()
            while self.left:
                name = self.left.pop(0)
                pipe.send(name)
                if not pipe.poll(seconds + _LATE):
                    self._tell(name, 0, {"hangs": "see --only"})
                    return
                self._tell(name, *pipe.recv())
        except (EOFError, ConnectionResetError):
            self._tell(name, 0, {"the process died": "see --only"})
        finally:
            process.kill()
            process.join()

    def _tell(self, name, tried, found):
        print(f"{name}: {tried} inputs", flush=True)
        for kind, description in found.items():
            print(f"    {kind}\n        {description}", flush=True)
        self.bad += len(found)


def _serve(pipe, here, given, left):
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1) if os.environ.get("CAMPAIGN_LOUD") else (0, 1, 2):
        os.dup2(quiet, stream)
    names = shared.make().names(here)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    here.mkdir(exist_ok=True)
    targets = {
        **reader_targets(names, here),
        **{
            name: (strategy, None)
            for name, strategy in constructor_targets(names).items()
        },
    }
    chosen = [name for name in targets if re.search(given.only, name)]
    seconds = 60.0 * given.minutes / max(len(chosen), 1)
    pipe.send((seconds, chosen if left is None else left))
    while True:
        strategy, call = targets[pipe.recv()]
        judge = Judge(seconds)
        _search(judge, strategy, call, names, given.seed)
        pipe.send((judge.tried, judge.found))


def _search(judge, strategy, call, names, seed):
    """Has hypothesis look for the smallest inputs that end wrongly."""

    def one(drawn):
        names["here"].mkdir(exist_ok=True)
        if call is not None:
            judge.try_out(repr(drawn)[:2000], lambda: call(drawn))
            return
        value = judge.try_out(drawn, lambda: eval(drawn, names))
        if is_nonsense(drawn, value):
            judge.keep(drawn, "takes NaN for a setting")

    settings = hypothesis.settings(
        max_examples=_MOST,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
    )
    search = hypothesis.seed(seed)(settings(hypothesis.given(strategy)(one)))
    # A search ends with what it finds first: another one passes that by.
    while not judge.is_over:
        judge.known = set(judge.found)
        try:
            search()
        except _FOUND:
            # The judge has kept it.
            continue
        break


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="pattern of targets")
    parser.add_argument("--shared", type=Path, help="folder kept for next time")
    return parser


if __name__ == "__main__":
    start = time.monotonic()
    status = main()
    print(f"{(time.monotonic() - start) / 60.0:.1f} minutes")
    sys.exit(status)
