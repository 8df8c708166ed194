import types

import pytest

from advtext.training import TimeLimit, time_limit


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    clock = types.SimpleNamespace(now=1000.0)
    monkeypatch.setattr(time_limit.time, "monotonic", lambda: clock.now)
    return clock


def epoch_end(limit):
    limit.set_model(types.SimpleNamespace(stop_training=False))
    limit.on_epoch_end(0)
    return limit.reached, limit.model.stop_training


def test_training_stops_when_the_time_is_over(clock):
    limit = TimeLimit(minutes=1.5)
    clock.now += 89.0
    assert epoch_end(limit) == (False, False)
    clock.now += 2.0
    assert epoch_end(limit) == (True, True)


def test_zero_is_no_limit(clock):
    limit = TimeLimit(minutes=0.0)
    clock.now = float("inf")
    assert epoch_end(limit) == (False, False)


@pytest.mark.parametrize("minutes", [-1, float("nan"), "1"])
def test_no_time_is_refused(minutes):
    with pytest.raises(ValueError, match="`minutes` must be a finite number"):
        TimeLimit(minutes)
