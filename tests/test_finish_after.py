"""Trainings that end when their time is over, by a clock of the tests'."""

import csv
import dataclasses
import json
import types

import keras
import numpy as np
import pytest
from tiny_runs import main

from advtext.config import Config
from advtext.data import ArrayBatches
from advtext.experiments import finish_after, fitting
from advtext.experiments.run_directory import RunDirectory
from advtext.experiments.training_run import Plan
from advtext.training import Decay, WeightAverage

X = np.linspace(-1.0, 1.0, 24, dtype="float32").reshape(12, 2)
Y = X @ np.array([[1.0], [-2.0]], "float32")
RATE = Decay(0.1, 12, "linear")


class Batches(ArrayBatches):
    @property
    def tokens_per_batch(self):
        return self.batch_size


class Seconds(keras.callbacks.Callback):
    """Lets a second pass in every batch, notes rates, may interrupt."""

    def __init__(self, clock, stop=None):
        super().__init__()
        self.clock, self.stop, self.rates = clock, stop, []

    def on_train_batch_begin(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))
        self.clock.now += 1.0

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == self.stop:
            self.model.stop_training = True


class Run:
    """A training of batches of a second each, a checkpoint after four."""

    def __init__(self, path, monkeypatch):
        self.clock = types.SimpleNamespace(now=0.0)
        time = types.SimpleNamespace(monotonic=lambda: self.clock.now)
        monkeypatch.setattr(finish_after, "time", time)
        monkeypatch.setattr(fitting, "time", time)
        self.monkeypatch = monkeypatch
        self.directory = RunDirectory(path)
        path.mkdir(exist_ok=True)
        self.config = Config(
            run_dir=str(path), checkpoint_steps=4, finish_after=9 / 60
        )
        keras.utils.set_random_seed(0)
        self.model = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(1)]
        )
        self.model.compile(fitting.adam(RATE, self.config), "mse")
        self.average = WeightAverage(0.5)

    def fit(self, stop=None, **settings):
        batches = Batches((X, Y), batch_size=2)
        plan = Plan(self.model, batches, 12, "a", 1e6, None, self.average, RATE)
        self.seconds = Seconds(self.clock, stop)
        with self.monkeypatch.context() as patched:
            patched.setattr(
                fitting, "Progress", lambda *args, **kwargs: self.seconds
            )
            config = dataclasses.replace(self.config, **settings)
            return fitting.fit(plan, config)

    def history(self):
        text = (self.directory / "history.csv").read_text()
        return list(csv.DictReader(text.splitlines()))


def test_the_rate_falls_with_the_time_and_training_ends_with_it(
    tmp_path, monkeypatch
):
    run = Run(tmp_path / "run", monkeypatch)
    assert run.fit() == (True, 9.0)
    # Nine batches of a second: of three Keras epochs the last has one.
    assert run.model.optimizer.iterations == 9
    expected = [0.1 * (1.0 - second / 9.0) for second in range(9)]
    assert run.seconds.rates == pytest.approx(expected, rel=1e-5)


def test_the_history_tells_the_pass_that_was_cut(tmp_path, monkeypatch):
    run = Run(tmp_path / "run", monkeypatch)
    run.fit()
    assert [row["pass"] for row in run.history()] == ["1.0", "1.5"]


def test_a_training_may_go_on_for_more_than_its_passes(tmp_path, monkeypatch):
    run = Run(tmp_path / "run", monkeypatch)
    assert run.fit(finish_after=20 / 60) == (True, 20.0)
    assert run.model.optimizer.iterations == 20
    passes = [float(row["pass"]) for row in run.history()]
    assert passes == pytest.approx([1.0, 2.0, 3.0, 20 / 6])


def test_time_before_a_resume_counts(tmp_path, monkeypatch):
    straight = Run(tmp_path / "straight", monkeypatch)
    straight.fit()
    first = Run(tmp_path / "run", monkeypatch)
    assert first.fit(stop=1) == (False, 4.0)
    again = Run(tmp_path / "run", monkeypatch)
    again.clock.now = 1e6
    assert again.fit(resume=True) == (True, 9.0)
    rates = first.seconds.rates + again.seconds.rates
    assert rates == straight.seconds.rates
    for ours, theirs in zip(
        again.model.get_weights(), straight.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_what_has_ended_is_not_trained_any_more(tmp_path, monkeypatch):
    run = Run(tmp_path / "run", monkeypatch)
    run.fit()
    again = Run(tmp_path / "run", monkeypatch)
    assert again.fit(resume=True) == (True, 9.0)
    assert again.seconds.rates == []
    for ours, theirs in zip(
        again.model.get_weights(), run.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_commands_end_in_time_and_give_a_finished_run(tiny, tmp_path, capsys):
    language_model, run = tmp_path / "lm", tmp_path / "run"
    arguments = ["--pretrain_epochs=1000000", "--finish_after=0.02"]
    arguments += ["--pretrain_schedule=cosine", "--pretrain_warmup=0.1"]
    arguments += ["--pretrain_weight_average=0.9"]
    command = "pretrain", tiny.config, f"--run_dir={language_model}"
    assert main(*command, *arguments) == 0
    metrics = json.loads((language_model / "metrics.json").read_text())
    assert 1.2 <= metrics["train_seconds"] < 60.0
    capsys.readouterr()
    command = "train", tiny.config, f"--run_dir={run}", "--epochs=1000000"
    more = f"--pretrained={language_model}", "--finish_after=0.02"
    assert main(*command, *more, "--schedule=linear", "--num_widths=1") == 0
    assert "test_error" in json.loads((run / "metrics.json").read_text())
    # A run that was to end at another time is another run.
    assert main(*command, more[0], "--finish_after=9", "--resume") == 2
    assert "finish_after was 0.02 and is 9.0" in capsys.readouterr().err


def test_several_processes_are_refused():
    with pytest.raises(ValueError, match="`finish_after` is for one process"):
        Config(finish_after=1.0, num_processes=2, coordinator="a:1")
