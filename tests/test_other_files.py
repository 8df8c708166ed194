"""Folders with files of somebody else: nothing there is lost."""

import os
import shutil
import socket

import pytest
from tiny_runs import main

from advtext.experiments import run_start
from advtext.experiments.run_directory import RunDirectory

THEIRS = (
    "metrics.json",
    "tokenizer.json",
    "checkpoint.npz",
    "history.csv",
    "classifier.keras",
    "language_model.keras",
    "advtext.txt",
    "logs/a.txt",
    "models/a.txt",
    "rows/row_01.json",
    "figures/a.png",
    "table.json",
    ".notes.tmp",
    "saving_model",
    "manifest.txt",
)
COMMANDS = ("pretrain", "train", "table", "image", "prepare")


@pytest.fixture
def theirs(tmp_path):
    folder = tmp_path / "theirs"
    for name in THEIRS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name} of somebody else")
    return folder


@pytest.fixture
def in_use(tmp_path):
    """A folder in which a run is going on."""
    folder = tmp_path / "run"
    with run_start.alone(RunDirectory(folder)):
        (folder / ".metrics.json.abc.tmp").write_text("being written")
        yield folder


@pytest.fixture
def arguments(tiny, tmp_path):
    """Function that returns a command with its outputs in a folder."""

    def arguments(command, folder):
        flags = [f"--run_dir={folder}"]
        config = tiny.config
        if command == "image":
            config = tmp_path / "image.toml"
            config.write_text('photo = "a.png"\nrows = [22]\n')
        if command == "prepare":
            flags = [f"--out={folder}"]
        return [command, config, *flags]

    return arguments


def content(folder):
    return {
        path.relative_to(folder): path.is_file() and path.read_bytes()
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_begins_in_a_new_or_empty_folder(
    theirs, arguments, refusal, command
):
    before = content(theirs)
    for more in ([], ["--overwrite"], ["--resume"]):
        told = refusal(*arguments(command, theirs), *more)
        assert str(theirs) in told and "new or empty folder: name" in told
        assert content(theirs) == before


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "name", ["config.toml", "manifest.json", "tokenizer.json", "table.md", "a"]
)
def test_one_file_is_enough(tmp_path, arguments, refusal, command, name):
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / name).write_text("a = 1\n")
    for more in ([], ["--overwrite"], ["--resume"]):
        told = refusal(*arguments(command, folder), *more)
        assert str(folder) in told
        assert content(folder) == {
            (folder / name).relative_to(folder): b"a = 1\n"
        }


@pytest.mark.parametrize("name", ["mine.txt", "logs/train/mine.txt"])
def test_overwriting_asks_for_a_folder_of_ours_alone(
    tiny, tmp_path, arguments, refusal, name
):
    folder = shutil.copytree(tiny.trained, tmp_path / "run")
    (folder / name).write_text("mine")
    before = content(folder)
    told = refusal(*arguments("train", folder), "--overwrite")
    assert name in told and "take that away" in told
    assert content(folder) == before


def test_overwriting_removes_all_of_ours(tiny, tmp_path, arguments):
    folder = shutil.copytree(tiny.trained, tmp_path / "run")
    before = content(folder)
    flags = "--overwrite", "--max_minutes=1e-9"
    assert not main(*arguments("train", folder), *flags)
    kept = {path.name for path in content(folder)} & {
        path.name for path in before
    }
    assert "classifier.keras" not in kept and "metrics.json" not in kept
    logs = set((folder / "logs/train").iterdir())
    assert not {p.name for p in logs} & {p.name for p in before}


@pytest.mark.parametrize("command", ["pretrain", "table", "image"])
@pytest.mark.parametrize("more", ["--overwrite", "--resume"])
def test_a_run_of_another_command_stays(
    tiny, tmp_path, arguments, refusal, command, more
):
    folder = shutil.copytree(tiny.trained, tmp_path / "run")
    before = content(folder)
    told = refusal(*arguments(command, folder), more)
    assert f"holds what `train` wrote, not `{command}`" in told
    assert content(folder) == before


def test_a_run_of_an_earlier_version_goes_on_and_is_not_replaced(
    tiny, tmp_path, advtext, refusal
):
    folder = shutil.copytree(tiny.trained, tmp_path / "run")
    (folder / "advtext.json").unlink()
    config = folder / "config.toml"
    flags = [f"--run_dir={folder}"]
    before = content(folder)
    told = refusal("train", config, *flags, "--overwrite")
    assert "an earlier version of advtext" in told
    assert content(folder) == before
    assert "test error" in advtext("evaluate", folder)
    (folder / "metrics.json").unlink()
    assert "test error" in advtext("train", config, *flags, "--resume")
    # From now on its files are listed.
    flags += ["--overwrite", "--max_minutes=1e-9"]
    assert "ran out" in advtext("train", config, *flags)


@pytest.mark.skipif(os.name == "nt", reason="there are no such locks")
@pytest.mark.parametrize("command", ["pretrain", "train", "table", "image"])
@pytest.mark.parametrize("flag", [None, "--resume", "--overwrite"])
def test_a_second_run_in_a_folder_is_refused(
    in_use, arguments, refusal, command, flag
):
    if command == "table" and flag:
        pytest.skip("a table always goes on")
    before = content(in_use)
    told = refusal(*arguments(command, in_use), *([flag] if flag else []))
    place = f"in use by process {os.getpid()} on {socket.gethostname()}"
    assert f"`run_dir` {in_use} is {place}" in told
    assert "Wait for its end, or name another `run_dir`" in told
    assert content(in_use) == before
