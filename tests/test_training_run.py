import json

import keras
import numpy as np
import pytest

from advtext.config import load
from advtext.data import ArrayBatches
from advtext.experiments import training_run

X = np.linspace(-1.0, 1.0, 12, dtype="float32").reshape(6, 2)


class Batches(ArrayBatches):
    tokens_per_batch = 1.0


@pytest.fixture
def planned():
    """A plan to fit a line, and what it was asked to plan."""

    def plan(config, prepared):
        plan.asked.append(prepared.class_names)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return training_run.Plan(
            model,
            Batches((X, X @ [[1.0], [2.0]]), batch_size=2),
            num_steps=12,
            label="line",
            flops=1.0,
            finish=lambda directory: {
                "folder": directory.path.name,
                "num_test": 0,
                "class_names": ["bad", "good"],
            },
        )

    plan.asked = []
    return plan


def test_what_finish_returns_is_written(tiny, tmp_path, planned):
    config = load(tiny.config, {"run_dir": str(tmp_path / "a"), "seed": 3})
    metrics = training_run.run(config, planned, "train")
    assert metrics["train_seconds"] > 0
    assert (metrics["folder"], metrics["seed"]) == ("a", 3)
    written = json.loads((tmp_path / "a/metrics.json").read_text())
    assert written == metrics
    rows = (tmp_path / "a/history.csv").read_text().splitlines()
    assert rows[0].startswith("epoch") and len(rows) == 5
    # A finished run is neither planned nor run again.
    config = load(tiny.config, {**vars(config), "resume": True})
    assert training_run.run(config, planned, "train") == metrics
    assert planned.asked == [("bad", "good")]


def test_without_time_nothing_is_finished(tiny, tmp_path, planned):
    overrides = {"run_dir": str(tmp_path), "max_minutes": 1e-9}
    assert (
        training_run.run(load(tiny.config, overrides), planned, "train") is None
    )
    assert not (tmp_path / "metrics.json").exists()
    assert (tmp_path / "checkpoint.npz").exists()
