import os
import subprocess
import sys

import pytest

from advtext import streams

SCRIPT = f"""
import importlib.util, os
spec = importlib.util.spec_from_file_location("streams", {streams.__file__!r})
streams = importlib.util.module_from_spec(spec)
spec.loader.exec_module(streams)
streams.open_closed()
file = open(os.devnull)
streams.tell("nobody hears")
os._exit(0 if file.fileno() > 2 else 1)
"""


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_closed_streams_are_no_ones_files(closed):
    command = f'exec "$0" -c "$1" {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable, SCRIPT])
    assert done.returncode == 0


def test_logs_are_kept_unless_there_is_an_error(capfd):
    with streams.hushed():
        os.write(2, b"log")
    assert capfd.readouterr().err == ""
    with pytest.raises(ImportError), streams.hushed():
        os.write(2, b"log")
        raise ImportError
    assert capfd.readouterr().err == "log"
