import contextlib
import dataclasses
import os
import shutil

import pytest
from tiny_runs import files

from advtext.atomic_file import final_name, temporary_path
from advtext.config import Config
from advtext.data import WordTokenizer
from advtext.experiments import run_start
from advtext.experiments.run_directory import RunDirectory

TOKENIZER = WordTokenizer.fit(["a b", "a c"], 9, 1)
BEGUN = {"advtext.json", "config.toml", "tokenizer.json"}
SUMS = {"text of train": "1", "labels of train": "2"}


@pytest.fixture
def config(tmp_path):
    return Config(run_dir=str(tmp_path / "run"), pretrained="runs/lm")


@pytest.fixture
def run(config):
    """A run that was begun, with outputs and traces of a violent end."""
    directory = RunDirectory(config.run_dir)
    run_start.check(directory, config, "train")
    run_start.begin(directory, config, "train", SUMS, TOKENIZER)
    for name in ("checkpoint.npz", "classifier.keras"):
        (directory / name).write_text(name)
    directory.logs.mkdir()
    directory.claim("logs/events")
    (directory.logs / "events").write_text("logs")
    temporary_path(directory.checkpoint).write_text("half")
    saving = temporary_path(directory / "classifier.keras")
    saving.mkdir()
    (saving / "classifier.keras").write_text("half")
    return directory


def test_a_new_run_begins(config):
    directory = RunDirectory(config.run_dir)
    assert not directory.begun
    run_start.check(directory, config, "train")
    assert files(directory.path) == {}
    run_start.begin(directory, config, "train", SUMS, TOKENIZER)
    assert set(files(directory.path)) == BEGUN
    assert directory.config() == config
    assert directory.tokenizer().fingerprint() == TOKENIZER.fingerprint()


@pytest.mark.parametrize("state", ["finished", "unfinished"])
def test_a_run_is_not_overwritten_unasked(run, config, state):
    if state == "finished":
        (run / "metrics.json").write_text("{}")
    before = files(run.path)
    with pytest.raises(FileExistsError, match=f"an? {state} run.*--resume.*--"):
        run_start.check(run, config, "train")
    assert files(run.path) == before


def test_overwriting_begins_anew(run, config):
    (run / "metrics.json").write_text("{}")
    before = files(run.path)
    config = dataclasses.replace(config, overwrite=True, epsilon=2.0)
    run_start.check(run, config, "train")
    # Whatever is found to be wrong from here on has cost nothing.
    assert files(run.path) == before
    run_start.begin(run, config, "train", SUMS, TOKENIZER)
    assert {path.name for path in run.path.iterdir()} == BEGUN
    assert run.config() == dataclasses.replace(config, overwrite=False)


def test_a_finished_run_is_tidied(run, config):
    (run / "metrics.json").write_text("{}")
    # Killed between its last file's name and the end of its folder.
    temporary_path(run / "metrics.json").mkdir()
    config = dataclasses.replace(config, resume=True)
    with contextlib.ExitStack() as held:
        assert run_start.is_finished(run, config, "train", held)
    assert not any(final_name(path.name) for path in run.path.iterdir())
    assert (run / "classifier.keras").is_file()


def test_resuming_keeps_all_but_half_written_files(run, config):
    before = files(run.path)
    config = dataclasses.replace(config, resume=True)
    run_start.check(run, config, "train")
    run_start.begin(run, config, "train", SUMS, TOKENIZER)
    assert (run.logs / "events").read_text() == "logs"
    before = {k: v for k, v in before.items() if not final_name(k)}
    assert files(run.path) == before
    assert not [p for p in run.path.iterdir() if final_name(p.name)]


def test_resuming_nothing_begins(config):
    directory = RunDirectory(config.run_dir)
    resuming = dataclasses.replace(config, resume=True)
    run_start.check(directory, resuming, "train")
    run_start.begin(directory, resuming, "train", SUMS, TOKENIZER)
    assert directory.config() == config


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "both"), ("epsilon", 0.5), ("seed", 1), ("units", 9)],
)
def test_resuming_another_configuration_names_the_field(
    run, config, name, value
):
    was = getattr(config, name)
    config = dataclasses.replace(config, resume=True, **{name: value})
    message = f"{name} was {was!r} and is {value!r}.*--overwrite"
    with pytest.raises(ValueError, match=message):
        run_start.check(run, config, "train")


def test_resuming_may_change_what_does_not_change_the_outcome(run, config):
    free = {"max_minutes": 3.0, "seeds": (9,), "cache_dir": "elsewhere"}
    changed = dataclasses.replace(config, resume=True, **free)
    run_start.check(run, changed, "train")


def test_resuming_with_other_words_is_refused(run, config):
    config = dataclasses.replace(config, resume=True)
    other = WordTokenizer.fit(["a b", "a d"], 9, 1)
    with pytest.raises(ValueError, match="text has changed.*--overwrite"):
        run_start.begin(run, config, "train", SUMS, other)
    assert (run / "checkpoint.npz").is_file()


def test_the_language_model_is_not_overwritten_by_its_classifier(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    os.symlink(tmp_path, "link")
    config = Config(run_dir="link/lm", pretrained="lm", overwrite=True)
    with pytest.raises(ValueError, match="`run_dir` and `pretrained` are both"):
        run_start.check(RunDirectory("link/lm"), config, "train")


@pytest.mark.parametrize(
    ("run_dir", "reason"),
    [
        ("file", "File exists"),
        ("file/below", "Not a directory"),
        ("/dev/null/below", "Not a directory"),
        ("/proc/advtext", "No such file or directory"),
    ],
)
def test_a_folder_that_cannot_be_written_is_named(
    tmp_path, monkeypatch, run_dir, reason
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    if run_dir.startswith("/") and not os.path.exists(run_dir[:5]):
        pytest.skip(f"this system has no {run_dir[:5]}")
    with pytest.raises(OSError, match=f"Cannot write `run_dir` .*: {reason}"):
        config = Config(run_dir=run_dir)
        run_start.check(RunDirectory(run_dir), config, "train")
    assert files(tmp_path) == {"file": b"mine"}


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="the superuser may write anywhere",
)
def test_a_folder_without_permission_is_named(run, config):
    os.chmod(run.path, 0o500)
    resuming = dataclasses.replace(config, resume=True)
    try:
        with pytest.raises(PermissionError, match="`run_dir`.*Permission"):
            run_start.check(run, resuming, "train")
    finally:
        os.chmod(run.path, 0o700)


def test_a_run_goes_on_after_it_was_moved(run, config, tmp_path):
    moved = RunDirectory(shutil.move(run.path, tmp_path / "moved"))
    config = dataclasses.replace(config, resume=True, run_dir=str(moved.path))
    run_start.check(moved, config, "train")
    run_start.begin(moved, config, "train", SUMS, TOKENIZER)
    assert (moved / "checkpoint.npz").is_file()
