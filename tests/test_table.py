import dataclasses
import importlib.util
import json
import shutil
import statistics

import pytest
from tiny_runs import main, write_corpus

from advtext.config import Config, load
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
    """The configuration and the rows of a finished table."""
    run_dir = tmp_path_factory.mktemp("table") / "run"
    overrides = {
        "run_dir": str(run_dir),
        "pretrained": str(tiny.pretrained),
        "epochs": 1,
    }
    flags = [f"--{name}={value}" for name, value in overrides.items()]
    if main("table", tiny.config, *flags, "--methods=scratch,random"):
        pytest.fail("the table did not come to its end")
    overrides["methods"] = ["scratch", "random"]
    rows = json.loads((run_dir / "table.json").read_text())
    return load(tiny.config, overrides), rows


@pytest.fixture
def trained(monkeypatch):
    """The runs that a table asks for and that are not finished yet."""
    asked = []

    def run(config):
        directory = RunDirectory(config.run_dir)
        if not directory.finished:
            asked.append(directory.path.name)
            given = directory.path.with_name("random_0")
            shutil.copytree(given, directory.path)
        return directory.metrics()

    monkeypatch.setattr(table.train_classifier, "run", run)
    return asked


def test_a_row_sums_up_the_runs_of_a_method(finished):
    config, rows = finished
    run_dir = RunDirectory(config.run_dir).path
    assert [row["method"] for row in rows] == ["scratch", "random"]
    for row in rows:
        runs = [
            RunDirectory(run_dir / f"{row['method']}_{seed}")
            for seed in config.seeds
        ]
        errors = [run.metrics()["test_error"] for run in runs]
        seconds = [run.metrics()["train_seconds"] for run in runs]
        assert row == {
            "method": row["method"],
            "num_labels": 40,
            "num_test": 30,
            "test_error": pytest.approx(sum(errors) / 2),
            "spread": pytest.approx(abs(errors[0] - errors[1]) / 2**0.5),
            "test_errors": errors,
            "minutes": pytest.approx(statistics.mean(seconds) / 60),
        }
        assert [run.config().seed for run in runs] == [0, 1]
    assert (run_dir / "table.md").read_text() == table.markdown(rows)


def test_scratch_has_no_language_model(finished):
    config, _ = finished
    for arm, method, pretrained in (
        ("scratch_0", "none", ""),
        ("random_0", "random", config.pretrained),
    ):
        arm = RunDirectory(RunDirectory(config.run_dir) / arm).config()
        assert (arm.method, arm.pretrained) == (method, pretrained)


def test_an_arm_is_what_the_command_train_gives(finished, tmp_path):
    config, _ = finished
    arm = RunDirectory(RunDirectory(config.run_dir) / "random_1")
    alone = load(arm / "config.toml", {"run_dir": str(tmp_path)})
    metrics, expected = train_classifier.run(alone), arm.metrics()
    for one in (metrics, expected):
        assert one.pop("train_seconds") > 0.0
    assert metrics == expected


def test_a_finished_arm_is_not_run_again(finished, tmp_path, trained):
    config, rows = finished
    run_dir = shutil.copytree(config.run_dir, tmp_path / "run")
    overrides = {"run_dir": str(run_dir), "seeds": [0, 1, 2]}
    more = load(RunDirectory(run_dir) / "random_0/config.toml", overrides)
    again = table.run(more)
    assert trained == ["scratch_2", "random_2"]
    assert [len(row["test_errors"]) for row in again] == [3, 3]
    assert again[1]["test_errors"][:2] == rows[1]["test_errors"]


def test_an_arm_of_another_configuration_is_not_mixed_in(finished):
    config, _ = finished
    other = dataclasses.replace(config, epochs=2)
    with pytest.raises(ValueError, match="epochs was 1 and is 2"):
        table.run(other)


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
    assert set(table.NAMES) == set(Config().methods)


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
