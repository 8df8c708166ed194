"""Programs of several libraries that take turns, each library in a process."""

import contextlib
import multiprocessing
import os

from measuring import take_turns, timed


def measure(programs, library_of, build, rounds):
    """Returns the seconds of every program, over the rounds.

    Args:
        programs: List of what `build` takes; they can be pickled.
        library_of: Function from a program to the name of its library.
        build: Function of a module, or a `functools.partial` of one, from a
            program to the function that takes one step; called in the process
            of its library.
        rounds: How many turns of each count.
    """
    context = multiprocessing.get_context("spawn")
    ends, processes = {}, []
    try:
        for library in dict.fromkeys(map(library_of, programs)):
            ends[library], other = context.Pipe()
            os.environ["KERAS_BACKEND"] = str(library)
            process = context.Process(target=_work, args=(build, other))
            process.start()
            processes.append(process)
            other.close()

        def ask(program):
            end = ends[library_of(program)]
            end.send(program)
            return end.recv()

        cases = {p: lambda p=p: ask(p) for p in programs}
        # The first round builds. After the next model has set its seed,
        # TensorFlow traces a step anew: in the second turn, where it is
        # dropped.
        return take_turns(cases, rounds)
    finally:
        for end in ends.values():
            end.close()
        for process in processes:
            process.join()


def _work(build, connection):
    """Builds a program when first asked for it, then tells a step's seconds."""
    known = {}
    with contextlib.suppress(EOFError):
        while True:
            program = connection.recv()
            if program in known:
                connection.send(timed(known[program]))
            else:
                known[program] = build(program)
                connection.send(None)
