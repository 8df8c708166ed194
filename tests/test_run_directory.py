import json
import shutil

import keras
import pytest
from tiny_runs import files

from advtext import config as config_files
from advtext.experiments.run_directory import RunDirectory


@pytest.fixture
def directory(tmp_path):
    return RunDirectory(tmp_path)


@pytest.fixture
def copy(tiny, tmp_path):
    """A copy of the trained run, to be damaged."""
    return RunDirectory(shutil.copytree(tiny.trained, tmp_path / "copy"))


@pytest.fixture
def full_disk(monkeypatch):
    """Function after whose call nothing reaches the disk any more."""

    def fill():
        def fail(*args):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", fail)

    return fill


@pytest.mark.parametrize("run", ["pretrained", "trained"])
def test_a_run_leaves_what_the_design_promises(tiny, run):
    directory = RunDirectory(getattr(tiny, run))
    model = {"pretrained": "language_model", "trained": "classifier"}[run]
    assert set(files(directory.path)) == {
        "advtext.json",
        "config.toml",
        "tokenizer.json",
        "checkpoint.npz",
        "history.csv",
        "metrics.json",
        f"{model}.keras",
    }
    assert directory.begun and directory.finished
    assert list(directory.logs.rglob("events.out.tfevents.*"))
    assert directory.tokenizer().fingerprint()


def test_config_reloads_as_the_same(tiny):
    directory = RunDirectory(tiny.trained)
    overrides = {
        "run_dir": str(tiny.trained),
        "pretrained": str(tiny.pretrained),
        "num_validation": 6,
    }
    config = config_files.load(tiny.config, overrides)
    assert directory.config() == config
    assert directory.config({"epsilon": 9.0}).epsilon == 9.0


def test_an_empty_path_is_refused():
    with pytest.raises(ValueError, match="`run_dir` is empty.*--run_dir="):
        RunDirectory("")


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("config", (), "config.toml is not there.*finished run"),
        ("tokenizer", (), "tokenizer.json is not there.*finished run"),
        ("metrics", (), "metrics.json is not there.*finished run"),
        ("class_names", (), "metrics.json is not there"),
        ("load_model", ("classifier.keras",), "metrics.json is not there"),
    ],
)
def test_what_is_not_there_is_named(directory, method, arguments, message):
    with pytest.raises(FileNotFoundError, match=message):
        getattr(directory, method)(*arguments)


def test_a_run_of_the_other_kind_is_named(tiny):
    with pytest.raises(FileNotFoundError, match="classifier.*training run"):
        RunDirectory(tiny.pretrained).load_model("classifier.keras")
    with pytest.raises(FileNotFoundError, match="a finished pretraining run"):
        RunDirectory(tiny.trained).load_model("language_model.keras")


@pytest.mark.parametrize("text", ["", '{"method": "no', "[1]", "7", "null"])
def test_damaged_metrics_are_named(directory, text):
    (directory / "metrics.json").write_text(text)
    with pytest.raises(ValueError, match="metrics.json is truncated.*resume"):
        directory.metrics()


@pytest.mark.parametrize("content", [{}, {"class_names": []}])
def test_metrics_of_another_version_are_named(directory, content):
    directory.write_json("metrics.json", content)
    with pytest.raises(ValueError, match="metrics.json has no `class_names`"):
        directory.class_names()


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_model_is_named(copy, kept):
    path = copy / "classifier.keras"
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match="classifier.keras is truncated"):
        copy.load_model("classifier.keras")


def test_a_model_with_a_changed_byte_is_named(copy):
    path = copy / "classifier.keras"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="classifier.keras is truncated or d"):
        copy.load_model("classifier.keras")


def test_the_model_of_an_unfinished_run_is_not_used(copy):
    (copy / "metrics.json").unlink()
    with pytest.raises(FileNotFoundError, match="finish this one"):
        copy.load_model("classifier.keras")


def test_history_has_a_row_per_epoch(directory):
    directory.write_history([{"loss": 2.5, "a": 1.0}, {"loss": 0.25}])
    text = (directory / "history.csv").read_bytes()
    assert text == b"epoch,a,loss\n1,1.0,2.5\n2,,0.25\n"


def test_json_is_written_for_people(directory):
    directory.write_json("a.json", {"test_error": 12.5, "names": ["pos"]})
    text = (directory / "a.json").read_text()
    assert json.loads(text) == {"test_error": 12.5, "names": ["pos"]}
    assert text.startswith('{\n  "test_error": 12.5,') and text.endswith("}\n")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.json", lambda d: d.write_json("a.json", {"a": 2})),
        ("a.md", lambda d: d.write_text("a.md", "two")),
        ("history.csv", lambda d: d.write_history([{"loss": 2.0}])),
    ],
)
def test_a_full_disk_leaves_the_file_before(directory, full_disk, name, write):
    (directory / name).write_text("one")
    full_disk()
    with pytest.raises(OSError, match=f"Cannot write .*{name}: No space left"):
        write(directory)
    assert files(directory.path) == {name: b"one"}


def test_a_full_disk_leaves_the_model_before(directory, monkeypatch):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    (directory / "a.keras").write_text("one")

    def fail(path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model, "save", fail)
    with pytest.raises(OSError, match="Cannot write .*a.keras: No space left"):
        directory.save_model(model, "a.keras")
    assert files(directory.path) == {"a.keras": b"one"}
