"""The judges of the campaigns see what is wrong, and there are cases enough."""

import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "campaigns"))

import perform  # noqa: E402
from case import LONGEST, Accepted, Case, verdict  # noqa: E402
from cases import AREAS, all_cases  # noqa: E402
from fuzz_judge import Judge, Violation  # noqa: E402
from place import THEIRS, Place  # noqa: E402
from shared import Shared  # noqa: E402
from worker import Worker  # noqa: E402


def ours(message):
    """Raises as the package would."""
    code = compile("raise ValueError(message)", "/advtext/a.py", "exec")
    exec(code, {"message": message})


def remove(place):
    (place.here / "theirs/notes.txt").unlink()
    ours("`a` must be 1")


def leave(place):
    (place.here / ".a.tmp").touch()


# A call that is planted, what is wanted, and how it is judged.
PLANTED = (
    (lambda _: ours("`a` must be 1"), "`a` must", "clear"),
    (lambda _: ours("`b` must be 1"), "`a` must", "unclear"),
    (lambda _: ours("`a` must" + "!" * LONGEST), "`a` must", "unclear"),
    (lambda _: ours("`a`: {{node x}}"), "`a`", "raw error"),
    (lambda _: ours("`a` must be 1"), Accepted(), "refused wrongly"),
    (lambda _: int("a"), "int", "unclear"),
    (lambda _: {}["a"], "a", "traceback"),
    (lambda _: sys.exit(2), "a", "traceback"),
    (lambda _: 5, "`a` must", "accepted wrongly"),
    (lambda _: 5, Accepted("value == 5"), "accepted"),
    (lambda _: 5, Accepted("value == 6"), "wrong value"),
    (lambda _: time.sleep(60), "`a` must", "hang"),
    (lambda _: os._exit(3), "`a` must", "died"),
    (remove, "`a` must", "data lost"),
    (leave, Accepted(), "data lost"),
)


def planted():
    return {
        f"case {n}": Case("planted", f"case {n}", call, right, seconds=1.0)
        for n, (call, right, _) in enumerate(PLANTED)
    }


def no_names():
    return Shared({}, {})


def test_the_judge_sees_what_is_planted(tmp_path):
    worker = Worker(tmp_path, no_names, planted)
    try:
        cases = planted().values()
        judged = [verdict(case, worker.run(case)) for case in cases]
    finally:
        worker.close()
    assert judged == [wanted for *_, wanted in PLANTED]


def spoken(status, *lines):
    def main(arguments):
        print(*lines, sep="\n", file=sys.stderr)
        print(arguments[0])
        return status

    return main


@pytest.mark.parametrize(
    ("main", "right", "judged"),
    [
        (spoken(2, "advtext: error: bad a"), "bad a", "clear"),
        (spoken(2, "advtext: error: bad a", "more"), "bad a", "unclear"),
        (spoken(1, "advtext: error: bad a"), "bad a", "unclear"),
        (spoken(2, "bad a"), "bad a", "unclear"),
        (spoken(0, "advtext: error: bad a"), "bad a", "accepted wrongly"),
        (spoken(0), Accepted("out == 'train\\n'"), "accepted"),
        (lambda _: {}["a"], "a", "traceback"),
    ],
)
def test_a_command_is_judged_by_its_line(
    main, right, judged, tmp_path, monkeypatch
):
    monkeypatch.setattr(perform, "_main", lambda program: main)
    monkeypatch.chdir(tmp_path)
    case = Case("planted", "a", "advtext train", right)
    found = perform.perform(case, Place(tmp_path / "here", no_names()))
    assert verdict(case, found) == judged
    assert {
        name: (tmp_path / "here" / name).read_bytes() for name in THEIRS
    } == THEIRS


def test_there_are_cases_of_every_kind():
    cases = all_cases()
    assert len(cases) >= 475
    assert {case.area.replace(" ", "_") for case in cases.values()} == set(
        AREAS
    )


def fail():
    return {}["a"]


def test_the_fuzz_keeps_the_shortest_of_each_kind():
    judge = Judge(60.0)
    for text in ("abc", "a"):
        with pytest.raises(Violation):
            judge.try_out(text, fail)
    assert judge.try_out("b", lambda: ours("`a` must be 1")) is None
    assert judge.try_out("c", lambda: 5) == 5
    ((kind, shortest),) = judge.found.items()
    assert kind.startswith("another exception: KeyError")
    assert shortest.startswith("a\n")
    judge.known = {kind}
    assert judge.try_out("abcd", fail) is None


def test_an_input_that_takes_too_long_is_found(monkeypatch):
    monkeypatch.setattr("fuzz_judge._PATIENCE", 0.2)
    judge = Judge(60.0)
    with pytest.raises(Violation, match="TooLong"):
        judge.try_out("a", lambda: time.sleep(60))
