import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from advtext.backend.process_meeting import call_first, gather


@pytest.fixture
def address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def meet(address, numbers, counts=None, seconds=20.0):
    """Returns what process 0 and the others with these numbers raise."""
    end = time.monotonic() + seconds
    counts = counts or [3] * len(numbers)
    with ThreadPoolExecutor(len(numbers) + 1) as pool:
        waiting = [pool.submit(gather, address, 3, end)]
        waiting += [
            pool.submit(call_first, address, number, count, end)
            for number, count in zip(numbers, counts, strict=True)
        ]
        return [one.exception() for one in waiting]


def test_all_meet_and_leave_the_port(address):
    assert meet(address, [2, 1]) == [None] * 3
    assert meet(address, [1, 2]) == [None] * 3


@pytest.mark.parametrize(
    ("numbers", "counts", "message"),
    [
        ([1, 1], None, "Two processes have `process_id`=1. Start all"),
        ([1], [4], "`num_processes` is 3 in process 0 and 4 in process 1"),
    ],
)
def test_those_of_other_runs_are_refused_by_all(
    address, numbers, counts, message
):
    errors = meet(address, numbers, counts)
    assert all(isinstance(error, ValueError) for error in errors)
    assert all(str(error).startswith(message) for error in errors)


def test_whom_a_process_waits_for_is_said(address, capsys):
    errors = meet(address, [2], seconds=2.5)
    assert all(isinstance(error, ConnectionError) for error in errors)
    assert str(errors[0]).startswith("Waited in vain for process 1, at")
    assert "raise `coordinator_timeout`" in str(errors[1])
    assert "Waiting for process 1, at `coord" in capsys.readouterr().err


def test_a_port_in_use_is_told(address):
    port = int(address.rpartition(":")[2])
    with socket.create_server(("", port)):
        with pytest.raises(ConnectionError, match="cannot listen .* in use"):
            gather(address, 2, time.monotonic() + 9)


def test_a_process_that_left_may_come_again(address):
    host, port = address.split(":")
    end = time.monotonic() + 20
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(gather, address, 3, end)
        time.sleep(0.3)
        for words in (b'{"advtext": [1, 3]}\n', b"GET / HTTP/1.1\r\n\r\n"):
            with socket.create_connection((host, int(port))) as call:
                call.sendall(words)
        others = [pool.submit(call_first, address, n, 3, end) for n in (1, 2)]
        assert [one.exception() for one in (first, *others)] == [None] * 3


def test_another_programs_port_is_told(address):
    port = int(address.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)) as server:
        with ThreadPoolExecutor(1) as pool:
            end = time.monotonic() + 20
            waiting = pool.submit(call_first, address, 1, 2, end)
            with server.accept()[0] as call:
                call.sendall(b"220 mail\r\n")
                error = waiting.exception()
    assert "no process 0 that waits" in str(error)
