import io
import os
import re
import types

import pytest

from advtext.training import Progress, progress

LOGS = {"accuracy": 0.5, "adversarial_loss": 0.25, "loss": 1.5}


class Terminal(io.StringIO):
    """A terminal of 40 columns."""

    def isatty(self):
        return True

    def fileno(self):
        return 2


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    clock = types.SimpleNamespace(now=1000.0)
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock.now)
    return clock


def train(callback, clock, seconds):
    callback.on_train_begin()
    for batch, passed in enumerate(seconds):
        clock.now += passed
        callback.on_train_batch_end(batch, LOGS)
    callback.on_epoch_end(0, LOGS)


def test_a_line_tells_loss_speed_and_time_left(clock, capsys):
    # The first batch, in which functions are compiled, tells no speed.
    train(Progress("both", 100, 640.0), clock, [50.0, 2.0, 2.0, 2.0])
    assert capsys.readouterr().err == (
        "both  4/100  3:12 left  320 tokens/s  loss 1.5000  accuracy 0.5000  "
        "adversarial_loss 0.2500\n"
    )


def test_a_line_tells_the_share_of_the_peak(clock, capsys):
    train(Progress("x", 9, 1.0, peak_rate=8.0), clock, [9.0, 0.5, 0.5])
    assert "  2 tokens/s  25.0 % of peak  loss" in capsys.readouterr().err


def test_a_resumed_training_counts_what_was_done(clock, capsys):
    train(Progress("x", 100, 1.0, done=90), clock, [9.0, 0.5, 0.5])
    assert capsys.readouterr().err.startswith("x  93/100  0:04 left  2 tok")


@pytest.mark.parametrize(
    ("left", "text"),
    [(59, "0:59"), (59.7, "1:00"), (60, "1:00"), (7325, "122:05")],
)
def test_seconds_left_never_read_60(clock, capsys, left, text):
    train(Progress("x", 3, 1.0), clock, [0.0, left])
    assert f"  {text} left" in capsys.readouterr().err


def test_one_batch_tells_no_speed_yet(clock, capsys):
    train(Progress("x", 1, 1.0), clock, [3.0])
    assert capsys.readouterr().err.startswith("x  1/1  loss 1.5000")


def test_without_a_terminal_only_epochs_are_told(clock, capsys):
    train(Progress("x", 9, 1.0), clock, [9.0] * 9)
    assert capsys.readouterr().err.count("\n") == 1


def test_on_a_terminal_the_line_is_written_over(clock, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    size = os.terminal_size((40, 24))
    monkeypatch.setattr(progress.os, "get_terminal_size", lambda fd: size)
    train(Progress("x", 4, 1.0), clock, [1.0, 0.1, 1.0, 1.0])
    *shown, last = terminal.getvalue().split("\r\033[K")[1:]
    assert [re.match(r"x  \d/4", line)[0] for line in shown] == [
        "x  1/4",
        "x  3/4",
        "x  4/4",
    ]
    # A line that is as wide as the terminal would wrap, and stay.
    assert {len(line) for line in shown} == {39}
    assert last.startswith("x  4/4") and last.endswith(" 0.2500\n")


def test_several_steps_in_one_call_all_count(clock, capsys):
    callback = Progress("x", 100, 1.0, done=10)
    callback.on_train_begin()
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for batch in (3, 7):
            clock.now += 1.0
            callback.on_train_batch_end(batch, LOGS)
        callback.on_epoch_end(epoch, LOGS)
    assert capsys.readouterr().err.splitlines()[-1].startswith("x  26/100")
