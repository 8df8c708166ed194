import os
import signal
import subprocess
import sys

import pytest

from advtext.folder_lock import LOCK, folder_lock

# Without the package, which takes seconds to import.
HOLD = """
import runpy, sys, time
lock = runpy.run_path(sys.argv[1])["folder_lock"]
with lock(sys.argv[2], "it", ""):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the folder."""
    file = sys.modules[folder_lock.__module__].__file__
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, file, tmp_path],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def held(path, **options):
    return folder_lock(path, "The folder", "Wait.", **options)


@pytest.mark.skipif(os.name == "nt", reason="there are no such locks")
def test_a_second_process_is_refused_until_the_first_has_ended(
    holder, tmp_path
):
    message = f"The folder is in use by process {holder.pid} on .*Wait."
    with pytest.raises(BlockingIOError, match=message):
        with held(tmp_path):
            pass
    # Killed, it leaves its file, and no lock.
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / LOCK).exists()
    with held(tmp_path):
        assert f"process {os.getpid()} on " in (tmp_path / LOCK).read_text()
    assert not (tmp_path / LOCK).exists()


@pytest.mark.skipif(os.name == "nt", reason="there are no such locks")
def test_a_second_process_waits_if_asked_to(holder, tmp_path, capsys):
    def end(*args):
        holder.terminate()

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with held(tmp_path, wait=True):
            assert holder.wait() == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGALRM, before)
    told = capsys.readouterr().err
    assert f"in use by process {holder.pid} on " in told


def test_without_locks_of_the_file_system_nothing_is_held(
    tmp_path, monkeypatch
):
    fcntl = pytest.importorskip("fcntl")

    def fail(*args):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with held(tmp_path), held(tmp_path):
        pass
