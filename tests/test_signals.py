import signal
import subprocess
import sys
import textwrap

import pytest

from advtext import signals

# In the background of a shell it is ignored, by children too.
HEARS_CTRL_C = """
import signal as system
system.signal(system.SIGINT, system.default_int_handler)
"""
BEGIN = f"""
import hashlib, importlib.util, sys, time
spec = importlib.util.spec_from_file_location("signals", {signals.__file__!r})
signals = importlib.util.module_from_spec(spec)
spec.loader.exec_module(signals)
signals._HEARD_WITHIN = signals._ENDED_WITHIN = 0.3
signals.begin()

def wait():
    print("ready", flush=True)
    time.sleep(60)
"""
IMPORTING = "wait()"
WORKING = """
try:
    with signals.raising():
        wait()
except KeyboardInterrupt as error:
    word, status = signals.ending(error)
    print(f"advtext: {word}.", file=sys.stderr)
    sys.exit(status)
"""
# A library makes another error of it.
WRAPPED = """
try:
    with signals.raising():
        try:
            wait()
        except BaseException as error:
            raise TypeError from error
except TypeError as error:
    word, status = signals.ending(error)
    print(f"advtext: {word}.", file=sys.stderr)
    sys.exit(status)
"""
SWALLOWED = """
with signals.raising():
    while True:
        try:
            wait()
        except BaseException:
            pass
"""
IN_A_DESTRUCTOR = """
class Waits:
    def __del__(self):
        wait()

with signals.raising():
    del [Waits()][0]
    wait()
"""
# Python does not come to hear of a signal while a library computes.
NOT_HEARD = """
import threading

# Not before the library computes.
threading.Timer(0.2, lambda: print("ready", flush=True)).start()
with signals.raising():
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10**9)
"""


def stopped(script, number):
    """Returns status and standard error of a script that gets a signal."""
    process = subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C + textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    return process.returncode, told


@pytest.mark.parametrize(
    "script",
    [IMPORTING, WORKING, WRAPPED, SWALLOWED, IN_A_DESTRUCTOR, NOT_HEARD],
)
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (signal.SIGINT, (130, "advtext: interrupted.\n")),
        (signal.SIGTERM, (143, "advtext: terminated.\n")),
    ],
)
def test_a_signal_at_any_moment_ends_in_one_line(script, number, expected):
    assert stopped(BEGIN + script, number) == expected


def test_a_signal_during_the_imports_ends_in_one_line():
    script = """
    import os, signal, sys, threading
    sys.argv = ["advtext"]
    kill = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    kill.start()
    print("ready", flush=True)
    import advtext.cli
    """
    expected = 130, "advtext: interrupted.\n"
    assert stopped(script, signal.SIGCONT) == expected


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        (["/usr/bin/advtext", "train"], True),
        ([str(signals._SCRIPTS / "train_classifier.py")], True),
        (["train.py"], False),
        (["-c"], False),
        ([""], False),
        ([], False),
    ],
)
def test_only_the_command_takes_signals(monkeypatch, started, expected):
    monkeypatch.setattr(sys, "argv", started)
    assert signals.is_command() == expected


@pytest.mark.parametrize("module", ["advtext", "pytest"])
def test_the_module_is_the_command(monkeypatch, module):
    monkeypatch.setattr(sys, "argv", ["-m", "train"])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", module, "train"])
    assert signals.is_command() == (module == "advtext")
