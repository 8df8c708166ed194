"""Runs cases in a process that is killed when one of them hangs."""

import dataclasses
import multiprocessing
import os
import resource
import sys
from pathlib import Path

from case import Found
from perform import perform
from place import Place

# Bytes of memory that a case may take: less than the machine has.
_MEMORY = 8 * 2**30
# How much slower than its authors' a machine may be.
_PATIENCE = 5


class Worker:
    """A process for one case after the other.

    Args:
        folder: Where the cases' folders lie.
        shared: Function that makes what they share, called in the process.
        cases: Function that returns all cases, by name; called there, too.
        memory: Bytes that the process may take.
    """

    def __init__(self, folder, shared, cases, memory=_MEMORY):
        self._arguments = Path(folder), shared, cases, memory
        self._process = None

    def run(self, case):
        """Returns what becomes of a case, a `Found`."""
        if self._process is None:
            self._start()
        try:
            self._pipe.send(case.name)
            if not self._pipe.poll(_PATIENCE * case.seconds):
                self.close()
                return Found("hang", f"{_PATIENCE} times {case.seconds:g} s")
            return self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self._process.join()
            died = Found("died", f"status {self._process.exitcode}")
            self._process = None
            return died

    def close(self):
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None

    def _start(self):
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(other, *self._arguments)
        )
        self._process.start()
        other.close()
        if not self._pipe.poll(600):
            self.close()
            raise RuntimeError("What the cases share was not made in time.")
        self._pipe.recv()


def _serve(pipe, folder, make_shared, make_cases, memory):
    # What is printed by compiled code is not the campaign's.
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1) if os.environ.get("CAMPAIGN_LOUD") else (0, 1, 2):
        os.dup2(quiet, stream)
    shared, cases = make_shared(), make_cases()
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    pipe.send("ready")
    numbers = {name: number for number, name in enumerate(cases)}
    while True:
        try:
            name = pipe.recv()
        except EOFError:
            sys.exit(0)
        place = Place(folder / str(numbers[name]), shared)
        found = perform(cases[name], place)
        shared.tidy()
        pipe.send(dataclasses.replace(found, message=found.message[:2000]))
