import pytest

from advtext.data.progress import progress


@pytest.mark.parametrize("watched", [True, False])
def test_progress_shows_one_line_to_a_person(monkeypatch, capsys, watched):
    clock = iter(range(100))
    monkeypatch.setattr("sys.stderr.isatty", lambda: watched)
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    assert list(progress("abcd", "reading")) == list("abcd")
    shown = capsys.readouterr().err
    assert ("\rreading: 50%" in shown) == watched
    assert "\n" not in shown


def test_without_a_length_it_shows_how_many_are_done(monkeypatch, capsys):
    clock = iter(range(100))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    assert list(progress(iter("abcd"), "reading")) == list("abcd")
    assert "\rreading: 2 done" in capsys.readouterr().err
