import contextlib
import dataclasses
import importlib.util
import io
import json
import shutil
import statistics

import keras
import pytest
from tiny_runs import main, write_corpus

from advtext.config import Config, load
from advtext.config.config import ARMS
from advtext.experiments import table, train_classifier
from advtext.experiments.run_directory import RunDirectory

ROWS = [
    {
        "method": "none",
        "num_labels": 25000,
        "num_test": 25000,
        "test_error": 8.0,
        "spread": 0.5,
        "test_errors": [7.5, 8.0, 8.5],
        "minutes": 12.34,
    },
    {
        "method": "both",
        "num_labels": 25000,
        "num_test": 25000,
        "test_error": 6.25,
        "spread": None,
        "test_errors": [6.25],
        "minutes": 56.0,
    },
]


@pytest.fixture(scope="module")
def finished(tiny, tmp_path_factory):
    """The run directory of a finished table, and what was printed."""
    run_dir = tmp_path_factory.mktemp("table") / "run"
    flags = "--methods=scratch,random", "--seeds=0,1", "--epochs=1"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        status = main("table", tiny.config, f"--run_dir={run_dir}", *flags)
    if status:
        pytest.fail("the table did not come to its end")
    return run_dir, printed.getvalue()


def configure(run_dir, **overrides):
    """Returns the configuration of a table, or one like it."""
    given = {"run_dir": str(run_dir), "methods": ["scratch", "random"]}
    given |= {"method": "none", "pretrained": "", "seed": 0, **overrides}
    return load(run_dir / "random_0/config.toml", given)


@pytest.fixture
def trained(monkeypatch):
    """The runs that a table asks for and that are not finished yet."""
    asked = []

    def run(config):
        directory = RunDirectory(config.run_dir)
        if not directory.finished:
            asked.append(directory.path.name)
            given = directory.path.with_name("random_0")
            shutil.copytree(given, directory.path, dirs_exist_ok=True)
        return directory.metrics()

    monkeypatch.setattr(table.train_classifier, "run", run)
    monkeypatch.setattr(table.pretrain, "run", run)
    monkeypatch.setattr(keras.utils, "clear_session", lambda: None)
    return asked


def test_a_table_leaves_all_its_runs(finished):
    run_dir, printed = finished
    with_plot = importlib.util.find_spec("matplotlib") is not None
    assert {path.name for path in run_dir.iterdir()} == {
        "advtext.json",
        "language_model",
        "random_0",
        "random_1",
        "scratch_0",
        "scratch_1",
        "table.json",
        "table.md",
    } | ({"table.png"} if with_plot else set())
    text = (run_dir / "table.md").read_text(encoding="utf-8")
    assert f"\n{text}\nOutputs in {run_dir}: table.md, table" in printed
    assert ("table.png" in printed) == with_plot
    if with_plot:
        picture = (run_dir / "table.png").read_bytes()
        assert picture.startswith(b"\x89PNG")


def test_a_row_sums_up_the_runs_of_a_method(finished):
    run_dir, _ = finished
    rows = json.loads((run_dir / "table.json").read_text())
    assert [row["method"] for row in rows] == ["scratch", "random"]
    for row in rows:
        arms = [RunDirectory(run_dir / f"{row['method']}_{s}") for s in (0, 1)]
        errors = [arm.metrics()["test_error"] for arm in arms]
        seconds = [arm.metrics()["train_seconds"] for arm in arms]
        assert row == {
            "method": row["method"],
            "num_labels": 40,
            "num_test": 30,
            "test_error": pytest.approx(sum(errors) / 2),
            "spread": pytest.approx(abs(errors[0] - errors[1]) / 2**0.5),
            "test_errors": errors,
            "minutes": pytest.approx(statistics.mean(seconds) / 60),
        }
        assert [arm.config().seed for arm in arms] == [0, 1]


def test_every_arm_but_scratch_starts_from_the_language_model(finished):
    run_dir, _ = finished
    for arm, method, pretrained in (
        ("scratch_0", "none", ""),
        ("random_0", "random", str(run_dir / "language_model")),
    ):
        config = RunDirectory(run_dir / arm).config()
        assert (config.method, config.pretrained) == (method, pretrained)


def test_an_arm_is_what_the_command_train_gives(finished, tmp_path):
    run_dir, _ = finished
    arm = run_dir / "random_1"
    alone = load(arm / "config.toml", {"run_dir": str(tmp_path)})
    metrics = train_classifier.run(alone)
    expected = RunDirectory(arm).metrics()
    for one in (metrics, expected):
        assert one.pop("train_seconds") > 0.0
    assert metrics == expected


def test_a_finished_arm_is_not_run_again(finished, tmp_path, trained):
    run_dir = shutil.copytree(finished[0], tmp_path / "run")
    before = json.loads((run_dir / "table.json").read_text())
    pretrained = str(finished[0] / "language_model")
    config = configure(run_dir, seeds=[0, 1, 2], pretrained=pretrained)
    rows = table.run(config)
    assert trained == ["scratch_2", "random_2"]
    for row, shorter in zip(rows, before, strict=True):
        assert row["test_errors"][:2] == shorter["test_errors"]
        assert len(row["test_errors"]) == 3


@pytest.mark.parametrize("parallel_runs", [1, 2])
def test_an_arm_of_another_configuration_is_refused_before_any_is_run(
    finished, tmp_path, trained, monkeypatch, parallel_runs
):
    run_dir = shutil.copytree(finished[0], tmp_path / "run")
    monkeypatch.setattr(table.side_by_side, "run", trained.append)
    config = configure(
        run_dir, epochs=2, seeds=[2, 1], parallel_runs=parallel_runs
    )
    config = dataclasses.replace(
        config, pretrained=str(finished[0] / "language_model")
    )
    with pytest.raises(ValueError, match="epochs was 1 and is 2"):
        table.run(config)
    assert not trained


@pytest.mark.parametrize("split", ["train", "unsup", "test"])
def test_finished_arms_of_other_text_are_not_mixed_with_new_ones(
    tiny, finished, tmp_path, trained, split
):
    run_dir = shutil.copytree(finished[0], tmp_path / "run")
    path = shutil.copytree(tiny.data, tmp_path / "data") / f"{split}.jsonl"
    pretrained = str(finished[0] / "language_model")
    config = configure(run_dir, seeds=[0, 1, 2], pretrained=pretrained)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[2], *lines[1:]]))
    # As if the folder that the arms were trained on had changed.
    config = dataclasses.replace(config, data_dir=str(path.parent))
    for arm in run_dir.glob("*_[01]/config.toml"):
        was = arm.read_text()
        arm.write_text(was.replace(str(tiny.data), str(path.parent)))
    with pytest.raises(ValueError, match=f"text of {split} changed") as told:
        table.run(config)
    assert str(path) in str(told.value)
    assert not trained


def test_the_markdown_table():
    assert table.markdown(ROWS) == (
        "| method | labels | test error % | seeds | minutes a run |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| pretrained, no term (baseline) | 25,000 | 8.00 \u00b1 0.50 | 3 | "
        "12.3 |\n"
        "| + adversarial and virtual adversarial | 25,000 | 6.25 | 1 | 56.0 |\n"
    )


@pytest.mark.skipif(
    not importlib.util.find_spec("matplotlib"), reason="no matplotlib"
)
def test_the_plot_is_a_picture(tmp_path):
    path = tmp_path / "table.png"
    table.plot(ROWS, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in tmp_path.iterdir()] == ["table.png"]


def test_every_arm_has_a_name():
    assert set(table.NAMES) == set(ARMS)
    assert set(Config().methods) == set(ARMS) - {"mixed"}


def test_text_without_a_test_set_is_refused_at_once(tiny, tmp_path):
    data = write_corpus(tmp_path / "data", sizes=(8, 0, 0))
    overrides = {"data_dir": str(data), "run_dir": str(tmp_path / "run")}
    with pytest.raises(FileNotFoundError, match="no test set.*split `test`"):
        table.run(load(tiny.config, overrides))
    assert not (tmp_path / "run").exists()


def test_the_time_limit_leaves_a_table_to_be_resumed(tiny, tmp_path):
    overrides = {"run_dir": str(tmp_path), "max_minutes": 1e-9}
    assert table.run(load(tiny.config, overrides)) is None
    assert (tmp_path / "language_model/checkpoint.npz").is_file()
    assert not (tmp_path / "table.md").exists()
