import shutil

import keras
import numpy as np
import pytest

from advtext.attacks import FastGradient
from advtext.data import SemiSupervisedBatches
from advtext.models import TextClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    Checkpoint,
    VirtualAdversarialLoss,
    WeightAverage,
)

SIZE, STEPS = 12, 2
RANDOM = np.random.default_rng(0)
X, U = (RANDOM.integers(1, SIZE, size=(n, 2)) for n in (10, 14))
Y = np.arange(10) % 2


class Run:
    """Everything a training needs: dropout, noise, a schedule, an average."""

    def __init__(self, path, seed=0, **kwargs):
        keras.utils.set_random_seed(seed)
        arguments = {"embedding_dim": 3, "units": 2, "hidden_dim": 3, **kwargs}
        self.model = AdversarialTraining(
            TextClassifier(SIZE, **arguments),
            [
                AdversarialLoss(FastGradient(0.5)),
                VirtualAdversarialLoss(0.5, seed=seed),
            ],
        )
        schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 1, 0.9)
        self.model.compile(
            keras.optimizers.Adam(schedule, global_clipnorm=1.0),
            keras.losses.BinaryCrossentropy(from_logits=True),
            run_eagerly=True,
        )
        self.batches = SemiSupervisedBatches((X, Y), U, 4, 3, steps=STEPS)
        self.average = WeightAverage(0.9)
        self.checkpoint = Checkpoint(path, self.batches, self.average)

    def fit(self, epochs, initial_epoch=0):
        self.model.fit(
            self.batches,
            epochs=epochs,
            initial_epoch=initial_epoch,
            verbose=0,
            shuffle=False,
            callbacks=[self.average, self.checkpoint],
        )
        return self

    def state(self):
        variables = [*self.model.variables, *self.model.optimizer.variables]
        return [np.asarray(v) for v in variables]


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Four slices of training without a break."""
    return Run(tmp_path_factory.mktemp("run") / "straight.npz").fit(4)


@pytest.fixture(scope="module")
def halfway(tmp_path_factory):
    """The file of a run that stopped after two slices."""
    path = tmp_path_factory.mktemp("run") / "halfway.npz"
    Run(path).fit(2)
    return path


@pytest.fixture
def file(halfway, tmp_path):
    return shutil.copy(halfway, tmp_path / "checkpoint.npz")


def test_resumed_run_ends_with_the_same_bits(straight, file):
    resumed = Run(file, seed=99)
    before = resumed.state()
    done = resumed.checkpoint.restore(resumed.model)
    assert done == 2
    assert resumed.batches.first == 2 * STEPS
    assert any(map(np.any, map(np.not_equal, resumed.state(), before)))
    resumed.fit(4, initial_epoch=done)
    for ours, theirs in zip(resumed.state(), straight.state(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(
        resumed.average.get_state(), straight.average.get_state(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert resumed.average.num_updates == 4 * STEPS
    assert resumed.checkpoint.history == straight.checkpoint.history
    assert len(straight.checkpoint.history) == 4


def test_restored_state_is_the_saved_one(file):
    run = Run(file).fit(1)
    run.checkpoint.seconds = 12.5
    run.checkpoint.save()
    again = Run(file, seed=99)
    again.checkpoint.restore(again.model)
    for ours, theirs in zip(again.state(), run.state(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert again.checkpoint.seconds == 12.5
    assert set(again.checkpoint.history[0]) == {
        "loss",
        "adversarial_loss",
        "virtual_adversarial_loss",
    }


def test_file_is_replaced_as_a_whole(file, monkeypatch):
    run = Run(file)
    run.checkpoint.restore(run.model)
    before = file.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="checkpoint.npz: No space left.*resume"):
        run.checkpoint.save()
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir()] == ["checkpoint.npz"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:100],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content[:2000] + b"\xff" * 9 + content[2009:],
        lambda content: b"something else",
    ],
    ids=["empty", "start", "half", "last byte", "middle", "no checkpoint"],
)
def test_damaged_file_is_named(file, damage):
    file.write_bytes(damage(file.read_bytes()))
    run = Run(file)
    before = run.state()
    with pytest.raises(ValueError, match="checkpoint.npz is truncated or dam"):
        run.checkpoint.restore(run.model)
    for ours, theirs in zip(run.state(), before, strict=False):
        np.testing.assert_array_equal(ours, theirs)


def test_no_flipped_bit_is_half_read(file):
    run, whole = Run(file), file.read_bytes()
    run.checkpoint.restore(run.model)
    expected = run.state()
    # All over the file, and where it lists what it holds.
    number = 8 * len(whole)
    bits = [*RANDOM.integers(number, size=150)]
    bits += [*RANDOM.integers(8 * whole.find(b"PK\1\2"), number, size=150)]
    for bit in map(int, bits):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        try:
            run.checkpoint.restore(run.model, bytes(content))
        except ValueError as error:
            assert "checkpoint.npz" in str(error)
        for ours, theirs in zip(run.state(), expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("arguments", [{"units": 3}, {"bidirectional": True}])
def test_file_of_another_model_is_refused(file, arguments):
    run = Run(file, **arguments)
    with pytest.raises(ValueError, match="belongs to another model"):
        run.checkpoint.restore(run.model)


def test_file_of_a_larger_model_is_refused(tmp_path):
    # Adam's variables begin with those of plain SGD.
    checkpoints = []
    for optimizer in ("adam", "sgd"):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(optimizer, "mse")
        model.optimizer.build(model.trainable_variables)
        checkpoints.append(Checkpoint(tmp_path / "c.npz", batches=None))
        checkpoints[-1].set_model(model)
    checkpoints[0].save()
    with pytest.raises(ValueError, match="belongs to another model"):
        checkpoints[1].restore(model)


def test_a_file_that_lost_an_array_is_refused(file):
    with np.load(file) as archive:
        arrays = dict(archive)
    assert arrays.pop("average_1").size
    np.savez(file, **arrays)
    run = Run(file)
    with pytest.raises(ValueError, match="truncated or damaged .some of its"):
        run.checkpoint.restore(run.model)


def test_missing_file_is_named(tmp_path):
    run = Run(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError, match="none.npz"):
        run.checkpoint.restore(run.model)
