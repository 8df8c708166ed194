import csv
import dataclasses
import types

import keras
import numpy as np
import pytest

from advtext import backend
from advtext.backend.matmul import low
from advtext.config import Config
from advtext.data import ArrayBatches
from advtext.experiments import fitting, passes
from advtext.experiments.run_directory import RunDirectory
from advtext.experiments.training_run import Plan
from advtext.training import Decay, WeightAverage

X = np.linspace(-1.0, 1.0, 24, dtype="float32").reshape(12, 2)
Y = X @ np.array([[1.0], [-2.0]], "float32")
CONFIG = Config(run_dir="unused", checkpoint_steps=4)


def decay(rate):
    return Decay(rate, 12, "exponential", decay_rate=0.9)


class Batches(ArrayBatches):
    """Rows of arrays, each counted as a token; notes what is asked for."""

    def batch(self, k):
        self.asked = [*getattr(self, "asked", []), k]
        return super().batch(k)

    @property
    def tokens_per_batch(self):
        return self.batch_size


class Stop(keras.callbacks.Callback):
    """Ends a training in the midst of its second Keras epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if self.model.optimizer.iterations == 6:
            raise KeyboardInterrupt


class Run:
    """A training of twelve steps in three Keras epochs."""

    def __init__(self, path, rate=0.1, config=CONFIG):
        self.directory = RunDirectory(path)
        self.config = dataclasses.replace(config, run_dir=str(path))
        self.batches = Batches((X, Y), batch_size=2)
        self.average = WeightAverage(0.5)
        keras.utils.set_random_seed(0)
        self.model = keras.Sequential(
            [keras.Input((2,)), keras.layers.Dense(1)]
        )
        self.model.compile(fitting.adam(decay(rate), CONFIG), "mse")

    def fit(self, resume=False, **settings):
        plan = Plan(
            self.model,
            self.batches,
            num_steps=10,
            label="training",
            flops=1e6,
            finish=None,
            weight_average=self.average,
            rate=decay(0.1),
        )
        config = dataclasses.replace(self.config, resume=resume, **settings)
        return fitting.fit(plan, config)

    def history(self):
        text = (self.directory / "history.csv").read_text()
        return [float(row["loss"]) for row in csv.DictReader(text.split("\n"))]


@pytest.fixture
def straight(tmp_path):
    run = Run(tmp_path / "straight")
    run.directory.path.mkdir()
    assert run.fit()[0]
    return run


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """The path of a run that was interrupted after one epoch and a half."""
    run = Run(tmp_path / "stopped")
    run.directory.path.mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(fitting, "Progress", lambda *args, **kwargs: Stop())
        with pytest.raises(KeyboardInterrupt):
            run.fit()
    assert len(run.history()) == 1
    return run.directory.path


def test_steps_are_cut_into_epochs_of_about_checkpoint_steps(straight):
    # 10 steps, a checkpoint every 4 or sooner: 3 epochs of 4.
    assert len(straight.model.history.history["loss"]) == 3
    assert straight.model.optimizer.iterations == 12
    assert list(straight.directory.logs.rglob("events.out.tfevents.*"))


def test_history_and_events_have_a_row_for_each_pass(straight):
    text = (straight.directory / "history.csv").read_text()
    first, second = csv.DictReader(text.split("\n"))
    assert (first["epoch"], first["pass"]) == ("1", "1.0")
    assert (second["epoch"], second["pass"]) == ("2", "2.0")
    epochs = straight.model.history.history["loss"]
    total = 6 * (float(first["loss"]) + float(second["loss"]))
    assert total == pytest.approx(4 * sum(epochs), rel=1e-6)
    (path,) = straight.directory.logs.rglob("events.out.tfevents.*")
    with open(path, "rb") as file:
        assert file.read().count(b"epoch_loss") == 2


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 6, 7, 9, 24])
def test_rows_are_the_means_of_passes(steps):
    size, losses = 6, np.random.default_rng(0).normal(size=24)
    for done in range(steps, 25, steps):
        history, marks = [], []
        for start in range(0, done, steps):
            for end in range(start + 1, start + steps + 1):
                logs = {"loss": losses[start:end].mean()}
                if end % size == 0:
                    marks.append([end, logs])
            history.append(logs)
        batches = types.SimpleNamespace(steps=steps, batches_per_pass=size)
        checkpoint = types.SimpleNamespace(
            history=history, marks=marks, batches=batches, cut=None
        )
        # What is beyond the third pass belongs to it.
        expected = [end for end in (6, 12) if end < done] + [done]
        found = passes.rows(checkpoint, num_passes=3)
        assert [row["pass"] * size for row in found] == pytest.approx(expected)
        starts = [0, *expected]
        means = [
            losses[a:b].mean() for a, b in zip(starts, expected, strict=False)
        ]
        assert [row["loss"] for row in found] == pytest.approx(means)


def test_batches_come_in_their_order(straight):
    asked = straight.batches.asked
    assert asked == sorted(asked) and len(set(asked)) >= 12


def test_an_interrupted_training_goes_on_as_if_it_were_not(straight, stopped):
    run = Run(stopped)
    keras.utils.set_random_seed(99)
    finished, seconds = run.fit(resume=True)
    assert finished and seconds > 0.0
    assert run.history() == straight.history()
    for ours, theirs in zip(
        run.model.get_weights(), straight.model.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_training_at_its_end_is_not_continued(straight):
    averaged = straight.model.get_weights()
    checkpoint = straight.directory.checkpoint.read_bytes()
    (straight.directory / "history.csv").unlink()
    run = Run(straight.directory.path)
    finished, seconds = run.fit(resume=True)
    assert finished and seconds > 0.0
    # The end may have come between the checkpoint and these two.
    assert run.history() == straight.history()
    np.testing.assert_array_equal(run.model.get_weights()[0], averaged[0])
    assert straight.directory.checkpoint.read_bytes() == checkpoint


def test_without_resume_a_training_begins_anew(stopped):
    run = Run(stopped)
    assert run.fit()[0]
    assert run.model.optimizer.iterations == 12


def test_only_training_rounds_the_factors_of_products(tmp_path):
    seen = []

    class Dense(keras.layers.Dense):
        def call(self, x):
            seen.append(low(x)[0].dtype.name)
            return super().call(x)

    config = dataclasses.replace(CONFIG, matmul_dtype="bfloat16")
    run = Run(tmp_path, config=config)
    run.model = keras.Sequential([keras.Input((2,)), Dense(1)])
    run.model.compile(fitting.adam(decay(0.1), CONFIG), "mse")
    seen.clear()
    assert run.fit()[0]
    assert set(seen) == {"bfloat16"}
    seen.clear()
    run.model.predict(X, verbose=0)
    assert set(seen) == {"float32"}


def test_a_time_limit_ends_after_a_checkpoint(straight, tmp_path):
    seconds = []
    for resume in (False, True, True):
        run = Run(tmp_path / "slow")
        run.directory.path.mkdir(exist_ok=True)
        finished, spent = run.fit(resume=resume, max_minutes=1e-9)
        seconds.append(spent)
        assert finished == (len(seconds) == 3)
        assert len(run.history()) == min(len(seconds), 2)
    assert 0.0 < seconds[0] < seconds[1] < seconds[2]
    assert run.history() == straight.history()


def test_a_training_that_diverges_ends_with_the_last_good_checkpoint(stopped):
    before = (stopped / "checkpoint.npz").read_bytes()
    run = Run(stopped)
    run.model.compile(
        fitting.adam(decay(0.1), CONFIG), lambda y, y_pred: y_pred * np.nan
    )
    with pytest.raises(ValueError, match="`loss` has become nan.*Lower the l"):
        run.fit(resume=True)
    assert (stopped / "checkpoint.npz").read_bytes() == before


def test_logs_that_cannot_be_written_are_named(tmp_path):
    (tmp_path / "logs").write_text("a file")
    with pytest.raises(OSError, match="Cannot write the logs in .*logs: "):
        Run(tmp_path).fit()


def test_the_rate_decays_at_every_step_and_gradients_are_clipped():
    config = Config(clipnorm=2.0)
    optimizer = fitting.adam(decay(0.5), config)
    optimizer.build([])
    assert optimizer.global_clipnorm == 2.0
    for step in range(3):
        assert float(optimizer.learning_rate) == pytest.approx(0.5 * 0.9**step)
        optimizer.iterations.assign_add(1)
    config = Config(clipnorm=0.0)
    assert fitting.adam(decay(0.5), config).global_clipnorm is None


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_start_seeds_every_draw(monkeypatch, deterministic):
    calls = []
    monkeypatch.setattr(backend, "enable_determinism", lambda: calls.append(1))
    draws = []
    for seed in (3, 3, 4):
        fitting.start(Config(seed=seed, deterministic=deterministic))
        draws.append((np.random.rand(), float(keras.random.uniform(()))))
    assert draws[0] == draws[1] != draws[2]
    assert len(calls) == 3 * deterministic
