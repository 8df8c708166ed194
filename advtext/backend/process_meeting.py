"""How the processes of a run meet, before a backend lets them talk.

A backend's own meeting cannot be interrupted, says nothing while it waits, and
takes a port that is in use, or a process that is there twice, for a crash.
Every process calls process 0 at the coordinator's port; when all have called,
process 0 answers them and leaves the port to the backend.
"""

import contextlib
import json
import os
import select
import socket
import time

from advtext import streams

# A process that waits longer says for whom.
_SILENT_SECONDS = 2.0
_LONGEST_LINE = 1000


def gather(coordinator, num_processes, end):
    """Waits, as process 0, until all others have called.

    Args:
        coordinator: `host:port`.
        num_processes: How many there are.
        end: Of the waiting, by `time.monotonic`.

    Raises:
        ConnectionError: If the port is in use, or some do not call.
        ValueError: If two call with the same number, or for another run.
    """
    calls = {}
    with _listening(coordinator) as server, contextlib.ExitStack() as opened:
        say_at = time.monotonic() + _SILENT_SECONDS
        while missing := sorted(set(range(1, num_processes)) - set(calls)):
            whom = f"process {', '.join(map(str, missing))}"
            _check_time(whom, coordinator, end)
            if time.monotonic() > say_at:
                say_at = end
                _say(whom, coordinator, end)
            if _is_readable(server, 0.2):
                call = opened.enter_context(server.accept()[0])
                _admit(call, calls, num_processes)
            for number in [n for n, c in calls.items() if _has_left(c)]:
                del calls[number]
        for call in calls.values():
            _answer(call, "")


def call_first(coordinator, process_id, num_processes, end):
    """Waits, as another process, until process 0 says that all are there.

    Args:
        coordinator: `host:port` of process 0.
        process_id: Which one this is.
        num_processes: How many there are.
        end: Of the waiting, by `time.monotonic`.

    Raises:
        ConnectionError: If it does not answer.
        ValueError: If it refuses this process.
    """
    host, _, port = coordinator.rpartition(":")
    hello = {"advtext": [process_id, num_processes]}
    say_at = time.monotonic() + _SILENT_SECONDS
    while True:
        _check_time("process 0", coordinator, end)
        if time.monotonic() > say_at:
            say_at = end
            _say("process 0", coordinator, end)
        with contextlib.suppress(OSError):
            address = host.strip("[]"), int(port)
            with socket.create_connection(address, timeout=1.0) as call:
                call.sendall(json.dumps(hello).encode() + b"\n")
                while not _is_readable(call, 0.5) and time.monotonic() < end:
                    if time.monotonic() > say_at:
                        say_at = end
                        _say("the other processes", coordinator, end)
                call.settimeout(1.0)
                if line := _line(call):
                    return _check_answer(line, coordinator, process_id)
        time.sleep(0.2)


def _listening(coordinator):
    port = int(coordinator.rpartition(":")[2])
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        return socket.create_server(
            ("", port), family=family, dualstack_ipv6=both
        )
    except OSError as error:
        raise ConnectionError(
            f"Process 0 cannot listen at `coordinator`={coordinator}: "
            f"{os.strerror(error.errno)}. Is there another process 0? Name a "
            "free port, the same in all processes."
        ) from error


def _admit(call, calls, num_processes):
    """Takes a call down, or refuses all that wait."""
    call.settimeout(1.0)
    try:
        number, count = json.loads(_line(call))["advtext"]
    except (OSError, ValueError, TypeError, KeyError):
        # Of another program.
        return
    refusal = ""
    if count != num_processes:
        refusal = (
            f"`num_processes` is {num_processes} in process 0 and {count} in "
            f"process {number}. It must be the same in all."
        )
    elif number in calls and not _has_left(calls[number]):
        refusal = (
            f"Two processes have `process_id`={number}. Start all of them "
            "again, each with one of its own."
        )
    if refusal:
        for one in (call, *calls.values()):
            _answer(one, refusal)
        raise ValueError(refusal)
    calls[number] = call


def _check_answer(line, coordinator, process_id):
    try:
        refusal = json.loads(line)["refusal"]
    except (ValueError, TypeError, KeyError):
        refusal = (
            f"At `coordinator`={coordinator} is no process 0 that waits: all "
            f"have met already (is `process_id`={process_id} given twice?), "
            "or it is another program's port."
        )
    if refusal:
        raise ValueError(refusal)


def _answer(call, refusal):
    with contextlib.suppress(OSError):
        call.sendall(json.dumps({"refusal": refusal}).encode() + b"\n")


def _line(call):
    """Returns what was sent, up to the end of a line; empty: it has left."""
    with call.makefile("rb") as file:
        return file.readline(_LONGEST_LINE)


def _is_readable(connection, seconds):
    return bool(select.select([connection], [], [], seconds)[0])


def _has_left(call):
    """Returns whether a process that called and waits has ended."""
    try:
        return _is_readable(call, 0) and not call.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def _say(whom, coordinator, end):
    streams.tell(
        f"Waiting for {whom}, at `coordinator`={coordinator}; at most "
        f"{end - time.monotonic():.0f} s more (`coordinator_timeout`)."
    )


def _check_time(whom, coordinator, end):
    if time.monotonic() > end:
        raise ConnectionError(
            f"Waited in vain for {whom}, at `coordinator`={coordinator}. Start "
            "all processes, each with a `process_id` of its own, process 0 at "
            "that address, or raise `coordinator_timeout`."
        )
