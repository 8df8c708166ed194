"""Trains several classifiers at the same time, each in a process of its own."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from advtext import config as config_files
from advtext.experiments.run_directory import RunDirectory
from advtext.quoting import printable

_ENDED = b"advtext: interrupted", b"advtext: terminated"


def run(configs, parallel_runs):
    """Runs the trainings that are not finished; the cores are shared out.

    Training one small LSTM leaves cores idle at every step. Where the system
    can bind a process to cores, each training gets its own.

    Args:
        configs: `advtext.config.Config` of every training.
        parallel_runs: How many run at a time, at least 1.

    Returns:
        Whether all are finished; not so if `max_minutes` ran out.

    Raises:
        ChildProcessError: If a training fails. It says why on standard error;
            the others are stopped, and can be resumed.
    """
    waiting = [c for c in configs if c.overwrite or not _finished(c)]
    free, running = _core_sets(parallel_runs), {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            while waiting or running:
                while waiting and free:
                    config, cores = waiting.pop(0), free.pop()
                    path = Path(folder) / f"{len(waiting)}.toml"
                    config_files.save(config, path)
                    running[_start(path, cores)] = (config, cores)
                time.sleep(0.2)
                for process in [p for p in running if p.poll() is not None]:
                    config, cores = running.pop(process)
                    process.wait()
                    free.append(cores)
                    if process.returncode:
                        raise ChildProcessError(
                            f"The training in {printable(config.run_dir)} "
                            "failed, for the reason given above."
                        )
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()
    return all(map(_finished, configs))


def _finished(config):
    return RunDirectory(config.run_dir).finished


def _core_sets(parallel_runs):
    if not hasattr(os, "sched_setaffinity"):
        return [None] * parallel_runs
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < parallel_runs:
        return [None] * parallel_runs
    return [set(cores[i::parallel_runs]) for i in range(parallel_runs)]


def _start(path, cores):
    """Starts a training; it inherits the cores that this thread is bound to."""
    if cores is None:
        return _Training(path)
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return _Training(path)
    finally:
        os.sched_setaffinity(0, before)


class _Training(subprocess.Popen):
    """A training whose messages come out line by line, not over each other."""

    def __init__(self, path):
        command = [sys.executable, "-m", "advtext", "train", str(path)]
        super().__init__(command, stderr=subprocess.PIPE)
        self.teller = threading.Thread(target=self._tell, daemon=True)
        self.teller.start()

    def _tell(self):
        with self.stderr:
            for line in self.stderr:
                # Ctrl-C reaches all; the one who started them tells of it.
                if line.startswith(_ENDED):
                    continue
                print(line.decode("utf-8", "replace"), end="", file=sys.stderr)

    def wait(self, timeout=None):
        """Waits for the end, and for the last message."""
        self.teller.join()
        return super().wait(timeout)
