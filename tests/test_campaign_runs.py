"""What the campaigns compare: one bit and one file are enough."""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

from advtext.folder_lock import LOCK
from advtext.manifest import Manifest

FOLDER = pathlib.Path(__file__).parent / "campaigns"


@pytest.fixture(autouse=True)
def campaigns(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)


@pytest.fixture
def run(tiny, tmp_path):
    """A finished run that may be changed."""
    return shutil.copytree(tiny.trained, tmp_path / "run")


@pytest.fixture
def changed(run):
    """Function that returns what is not as it was any more."""
    import runs

    before = runs.outcome(run)
    return lambda: runs.differences(before, runs.outcome(run))


def test_times_do_not_count(run, changed):
    import runs

    path = run / "metrics.json"
    metrics = json.loads(path.read_text())
    metrics["train_seconds"] += 1.0
    path.write_text(json.dumps(metrics))
    assert changed() == ["metrics.json:sum"]
    Manifest(run).note_sum(path.name, path)
    Manifest(run).claim("logs/train/later")
    assert changed() == []
    assert runs.left_over(run) == []
    names = set(runs.outcome(run))
    assert {"config.toml", "metrics.json", "history.csv"} < names
    assert "checkpoint.npz:variable_0" in names
    assert any(name.startswith("classifier.keras:layers/") for name in names)


def test_one_bit_of_the_checkpoint(run, changed):
    path = run / "checkpoint.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["variable_0"].view("uint8").flat[0] ^= 1
    np.savez(path, **arrays)
    assert changed() == ["checkpoint.npz:variable_0"]


def test_one_bit_of_the_model(run, changed):
    import keras

    path = run / "classifier.keras"
    model = keras.models.load_model(path, compile=False)
    values = model.get_weights()
    values[0].view("uint8").flat[0] ^= 1
    model.set_weights(values)
    model.save(path)
    assert changed() == [
        "classifier.keras:embedding/vars/0",
        "classifier.keras:sum",
    ]


def test_the_list_of_files_and_a_lock(run, changed):
    Manifest(run).note(begun=False)
    assert changed() == ["advtext.json"]
    Manifest(run).note(begun=True)
    assert changed() == []
    Manifest(run).claim("more.txt")
    (run / LOCK).touch()
    assert changed() == [LOCK, "advtext.json"]


def test_one_number_and_one_file(run, changed):
    import runs

    metrics = json.loads((run / "metrics.json").read_text())
    metrics["test_error"] += 1e-9
    (run / "metrics.json").write_text(json.dumps(metrics))
    (run / ".checkpoint.npz.1f.tmp").write_bytes(b"")
    (run / "saving_classifier.keras").mkdir()
    left = [".checkpoint.npz.1f.tmp", "saving_classifier.keras"]
    assert runs.left_over(run) == left
    (run / "more.txt").write_bytes(b"")
    (run / left[0]).unlink()
    (run / left[1]).rmdir()
    (run / "history.csv").unlink()
    wrong = ["history.csv", "metrics.json", "metrics.json:sum", "more.txt"]
    assert changed() == wrong


@pytest.mark.parametrize(
    "status, err, right",
    [
        (2, "advtext: error: no file.\n", True),
        (130, "a 3/9, 1 s left  \radvtext: interrupted.\n", True),
        (1, "advtext: error: no file.\n", False),
        (2, "", False),
        (2, "advtext: error: a\nadvtext: error: b\n", False),
        (2, "Traceback (most recent call last):\n", False),
        (None, "advtext: error: no end.\n", False),
    ],
)
def test_how_a_command_ends(status, err, right):
    import runs

    trouble = runs.Ended(status, "", err).trouble([2, 130])
    assert (not trouble) == right, trouble


def test_every_way_of_damage_differs():
    import damage

    content = b'a = 1\nb = "two"\nc = 3\n'
    found = damage.ways("config.toml", content, 3)
    assert found == damage.ways("config.toml", content, 3)
    assert content not in found.values()
    assert found["empty"] == b"" and found["half"] == content[:11]
    lines = [left for way, left in found.items() if "line's end" in way]
    assert sorted(lines) == [content[:6], content[:16]]
    flipped = [left for way, left in found.items() if way.startswith("bit")]
    assert len(flipped) == 3
    for left in flipped:
        changed = int.from_bytes(left) ^ int.from_bytes(content)
        assert changed.bit_count() == 1


def test_table_of_kills():
    import kills

    run = {"command": "train", "backend": "jax", "differs": [], "trouble": []}
    found = [
        {**run, "kills": {"imports": 2, "SIGINT": 1}},
        {**run, "kills": {"imports": 3}, "differs": ["a"]},
        {**run, "kills": {"SIGINT": 1}, "trouble": ["no line"]},
    ]
    assert kills.table(found).splitlines()[2:] == [
        "| train | jax | 2 | 5 | 3 | 2 | 1 | 1 |",
        "| all |  | 2 | 5 | 3 | 2 | 1 | 1 |",
    ]


def test_a_file_that_is_being_written_is_seen(tmp_path):
    import moments

    (tmp_path / "old.tmp").touch()
    watch = moments.Watch(tmp_path)
    assert watch.look() is None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "whole.json").touch()
    assert watch.look() is None
    (tmp_path / "run" / ".a.npz.0f.tmp").touch()
    assert watch.look().endswith(".a.npz.0f.tmp")
    assert (watch.look(), watch.count) == (None, 1)


def test_a_moment_is_one_of_the_process():
    import moments

    spinning = [sys.executable, "-Sc", "while True: pass"]
    with subprocess.Popen(spinning) as process:
        moments.sleep(process, 0.05)
        assert process.poll() is None
        assert 0.05 <= moments.worked(process)
        process.kill()
    assert moments.worked(process) == 0.0
    moments.sleep(process, 60.0)
