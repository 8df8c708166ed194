"""One run that is interrupted again and again, and how it ends."""

import collections
import dataclasses
import os
import signal
import time

import moments
import runs

# Of ten interruptions.
KINDS = (
    *["after the imports"] * 3,
    *["a file"] * 3,
    *["imports"] * 2,
    "SIGTERM",
    "SIGINT",
)
SIGNALS = {
    "SIGTERM": (signal.SIGTERM, 143),
    "SIGINT": (signal.SIGINT, 130),
}
# Within so many of its seconds Python may not have come to our first line.
_START = 0.5
# A machine may be busy with other things.
_LONG = 1800


@dataclasses.dataclass(frozen=True)
class Straight:
    """A run that was not interrupted.

    Args:
        outcome: As of `runs.outcome`.
        seconds: How long it took, as by `moments.worked`.
        importing: How long it took until it looked for its files, likewise.
        written: How many files were seen while they were being written.
    """

    outcome: dict
    seconds: float
    importing: float
    written: int


class Interrupted:
    """A run that is interrupted a few times.

    Args:
        start: Function that starts a command, given its arguments.
        arguments: Those of the run.
        straight: `Straight` of the same run.
        folder: Of the run and its cache.
        draw: `random.Random`.

    Attributes:
        kills: How often, by the kind of the moment.
        trouble: What was wrong with how its processes ended.
    """

    def __init__(self, start, arguments, straight, folder, draw):
        self.start, self.arguments = start, arguments
        self.straight, self.folder, self.draw = straight, folder, draw
        self.kills = collections.Counter()
        self.early = False
        self.trouble = []

    def to_the_end(self, enough):
        """Returns what is not as in the run that was not interrupted.

        Args:
            enough: Function that tells whether to interrupt no more.
        """
        resume = []
        kinds = self.draw.choices(KINDS, k=self.draw.randint(6, 12))
        for kind in [*kinds, None]:
            if enough():
                kind = None
            run = self.start([*self.arguments, *resume])
            resume = ["--resume"]
            hit = self._interrupt(run.process, kind) if kind else ""
            ended = run.end()
            if not hit:
                self.trouble += [ended.trouble([0])] if ended.status else []
                break
            self.kills[hit] += 1
            if hit in SIGNALS:
                self.trouble += _told(ended, hit, self.early)
        return self._compared() + runs.left_over(self.folder)

    def _compared(self):
        try:
            found = runs.outcome(self.folder)
        except Exception as error:
            return [f"a file cannot be read: {error!r}"]
        return runs.differences(self.straight.outcome, found)

    def _interrupt(self, process, kind):
        """Ends a process at a moment; returns its kind, or "" if it was late.

        A file that is written counts by where it is.
        """
        straight, draw = self.straight, self.draw
        # Early ones more often: a run that goes on has less to do.
        part = draw.random() ** 3
        if kind == "a file":
            watch = moments.Watch(self.folder)
            name = watch.wait(process, 1 + int(part * straight.written))
            if name is None:
                return ""
            time.sleep(draw.choice([0.0, 0.0, draw.uniform(0, 0.01)]))
            kind = "token cache" if name.startswith("cache") else "checkpoint"
        else:
            moment = straight.importing * draw.random()
            if kind != "imports":
                left = straight.seconds - straight.importing
                moment = straight.importing + part * left
            moments.sleep(process, moment)
        number = signal.SIGKILL
        if kind in SIGNALS:
            number = SIGNALS[kind][0]
        if process.poll() is not None:
            return ""
        self.early = moments.worked(process) < _START
        os.kill(process.pid, number)
        process.wait(_LONG)
        return "" if process.returncode == 0 else kind


def _told(ended, kind, early):
    """Returns what is wrong with how a run told that it was interrupted."""
    _, status = SIGNALS[kind]
    if early and "advtext" not in ended.err:
        # Python itself was still starting.
        return []
    trouble = ended.trouble([status])
    return [f"{kind}: {trouble}"] if trouble else []
