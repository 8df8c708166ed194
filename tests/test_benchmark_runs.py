"""All benchmarks in a row: one that fails keeps the rest."""

import io
import json
import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


def test_one_that_fails_keeps_the_rest():
    from run_all import results_file, run_all

    line = {"machine": {"processor": "P", "cores": 2, "python": "3.12.1"}}
    line["machine"]["versions"] = {"keras": "3.15.1"}
    right = f"## Right\n\n1 to 2\n\n{json.dumps(line)}"
    programs = {
        "wrong": "raise ValueError('no such file')",
        "mute": "print('## Mute')",
        "silent": "import sys; sys.exit(3)",
        "right": f"print({right!r})",
    }
    told = io.StringIO()
    runs = run_all(
        {n: [sys.executable, "-S", "-c", p] for n, p in programs.items()}, told
    )
    assert [run.get("error") for run in runs] == [
        "ValueError: no such file",
        "its last line is not JSON",
        "exit status 3",
        None,
    ]
    assert runs[-1]["result"] == line
    assert "wrong ..." in told.getvalue()
    text = results_file(runs, "make bench", "2026-01-02", "## By hand\n")
    assert text.startswith(
        "# Benchmarks\n\n`make bench`, 2026-01-02, P, 2 cores"
    )
    assert "Python 3.12.1, keras 3.15.1" in text
    assert "## wrong\n\nFailed: `ValueError: no such file`\n" in text
    assert "## Right\n\n1 to 2\n" in text
    assert text.endswith("\n\n## By hand\n")


def test_status_and_file(monkeypatch, tmp_path, capsys):
    import run_all

    def fails_at_growth(name, command):
        found = {"name": name, "seconds": 1.0, "text": f"## {name}"}
        end = {"error": "E"} if name == "growth" else {"result": {"n": 1}}
        return {**found, **end}

    monkeypatch.setattr(run_all, "run", fails_at_growth)
    path = tmp_path / "RESULTS.md"
    for only, status in ((["attacks", "growth"], True), (["attacks"], False)):
        arguments = ["run_all.py", "--output", str(path), "--only", *only]
        monkeypatch.setattr(sys, "argv", arguments)
        assert run_all.main() == status
    assert capsys.readouterr().out == '{"n": 1}\n' * 2
    assert "## attacks" in path.read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["RESULTS.md"]


def test_quick_settings_are_there_for_all(tmp_path):
    import quick
    import run_all

    assert list(quick.FLAGS) == list(run_all.BENCHMARKS)
    assert all((FOLDER / f"{name}.py").is_file() for name in quick.FLAGS)
    assert quick.flags("data", tmp_path)[-1] == str(tmp_path)
    assert len(list(tmp_path.glob("*.jsonl.xz"))) == 3
