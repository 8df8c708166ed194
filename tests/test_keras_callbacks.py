"""Callbacks, kinds of data and devices of Keras, with adversarial terms."""

import functools
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW
from citizens import (
    EVERY,
    WEIGHTS,
    X,
    Y,
    arrays,
    assert_equal,
    fit,
    functional,
    native,
    training,
)

from advtext.attacks import FastGradient
from advtext.training import AdversarialLoss

TESTS = pathlib.Path(__file__).parent


class Interruption(keras.callbacks.Callback):
    """Ends training in the middle of the second epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (1, 0):
            raise InterruptedError


@pytest.mark.parametrize(
    "make, dtype", [(native, "float32"), (functional, "mixed_float16")]
)
def test_backup_and_restore_ends_where_the_uninterrupted_ends(
    make, dtype, tmp_path
):
    def fresh(seed):
        return training(
            functools.partial(make, dropout=0.5, dtype=dtype),
            optimizer=keras.optimizers.Adam(0.01),
            seed=seed,
            run_eagerly=make is native,
        )

    def run(model, *callbacks):
        return fit(model, epochs=4, callbacks=list(callbacks))

    whole = fresh(0)
    expected = run(whole)
    backup = tmp_path / "backup"
    with pytest.raises(InterruptedError):
        run(fresh(0), keras.callbacks.BackupAndRestore(backup), Interruption())
    # Another process would begin with other weights and seeds.
    resumed = fresh(5)
    for generator in resumed.term_seed_generators:
        generator.state.assign(generator.state + 7)
    history = run(resumed, keras.callbacks.BackupAndRestore(backup))
    assert history == {name: each[1:] for name, each in expected.items()}
    assert_equal(arrays(resumed.variables), arrays(whole.variables))
    states = [
        [np.asarray(g.state) for g in model.term_seed_generators]
        for model in (resumed, whole)
    ]
    assert_equal(*states)
    optimizers = [arrays(m.optimizer.variables) for m in (resumed, whole)]
    assert_equal(*optimizers)


def test_weights_trained_with_other_terms_load(tmp_path):
    path = tmp_path / "model.weights.h5"
    model = training(functional)
    model.save_weights(path)
    other = training(functional, [], seed=5)
    other.optimizer.build(other.trainable_variables)
    other.load_weights(path)
    assert_equal(arrays(other.weights), arrays(model.weights))


LOAD = """
import sys
import keras
import numpy as np
model = keras.models.load_model(sys.argv[1])
data = np.load(sys.argv[2])
prediction = model.predict(data["x"], verbose=0)
np.testing.assert_allclose(prediction, data["expected"], rtol=0, atol=1e-6)
print(any(name.startswith("advtext") for name in sys.modules))
"""


def test_checkpoints_of_a_users_model_and_early_stopping(tmp_path):
    model = training(functional, optimizer=keras.optimizers.Adam(0.5))
    whole, part = tmp_path / "whole.keras", tmp_path / "part.weights.h5"
    best = {"monitor": "val_loss", "save_best_only": True}
    callbacks = [
        keras.callbacks.ModelCheckpoint(whole, **best),
        keras.callbacks.ModelCheckpoint(part, save_weights_only=True, **best),
        keras.callbacks.EarlyStopping(
            "val_loss", patience=2, restore_best_weights=True
        ),
    ]
    # Of the labels turned round the loss goes up, sooner or later.
    history = fit(
        model, epochs=20, validation_data=(X, 1 - Y), callbacks=callbacks
    )
    assert len(history["loss"]) < 20, "stopped early"
    loss = model.evaluate(X, 1 - Y, verbose=0)
    np.testing.assert_allclose(loss, min(history["val_loss"]), rtol=1e-5)

    expected = model.predict(X, verbose=0)
    again = training(functional, seed=5)
    assert np.any(again.predict(X, verbose=0) != expected)
    again.optimizer = keras.optimizers.Adam(0.5)
    again.optimizer.build(again.trainable_variables)
    again.load_weights(part)
    np.testing.assert_array_equal(again.predict(X, verbose=0), expected)

    data = tmp_path / "data.npz"
    np.savez(data, x=X, expected=expected)
    result = subprocess.run(
        [sys.executable, "-c", LOAD, whole, data],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": ""},
        cwd=tmp_path,
    )
    assert result.stdout == "False\n", result.stderr


@pytest.mark.skipif(
    not ON_TENSORFLOW, reason="Keras writes it by TensorFlow's tf.summary"
)
@EVERY
def test_tensorboard_gets_every_term(make, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.util import tensor_util

    model = training(make, run_eagerly=make is native)
    board = keras.callbacks.TensorBoard(tmp_path, histogram_freq=1)
    arguments = {"validation_data": (X, Y), "callbacks": [board]}
    history = fit(model, epochs=2, **arguments)
    events = event_accumulator.EventAccumulator(str(tmp_path / "train"))
    events.Reload()
    for name in ("loss", "adversarial_loss", "virtual_adversarial_loss"):
        logged = [
            float(tensor_util.make_ndarray(e.tensor_proto))
            for e in events.Tensors(f"epoch_{name}")
        ]
        np.testing.assert_allclose(logged, history[name], rtol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keras_tuner_chooses_epsilon(tmp_path):
    keras_tuner = pytest.importorskip("keras_tuner")

    def build(parameters):
        epsilon = parameters.Float("epsilon", 0.1, 2.0)
        return training(functional, [AdversarialLoss(FastGradient(epsilon))])

    tuner = keras_tuner.RandomSearch(
        build,
        objective="val_loss",
        max_trials=2,
        seed=0,
        directory=tmp_path,
        project_name="epsilon",
    )
    tuner.search(X, Y, validation_data=(X, Y), batch_size=4, verbose=0)
    trials = tuner.oracle.get_best_trials(2)
    tried = [trial.hyperparameters["epsilon"] for trial in trials]
    assert len(set(tried)) == 2
    (best,) = tuner.get_best_hyperparameters(1)
    assert best["epsilon"] == tried[0]
    (model,) = tuner.get_best_models(1)
    assert model.terms[0].attack.epsilon == tried[0]
    loss = model.evaluate(X, Y, verbose=0)
    np.testing.assert_allclose(loss, trials[0].score, rtol=1e-5)


# Data


class Batches(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()

    def __len__(self):
        return 2

    def __getitem__(self, index):
        rows = slice(4 * index, 4 * index + 4)
        return X[rows], Y[rows], WEIGHTS[rows]


def dataset():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, Y, WEIGHTS)).batch(4)


KINDS = [
    pytest.param(Batches, id="PyDataset"),
    pytest.param(
        dataset,
        id="tf.data",
        marks=pytest.mark.skipif(not ON_TENSORFLOW, reason="no tf.data"),
    ),
]


@EVERY
@pytest.mark.parametrize("data", KINDS)
def test_every_kind_of_data_gives_the_same(make, data):
    ours, theirs = (training(make, weighted_metrics=["mse"]) for _ in "ab")
    expected = fit(
        theirs,
        epochs=2,
        sample_weight=WEIGHTS,
        validation_data=(X, Y, WEIGHTS),
        validation_batch_size=4,
    )
    history = ours.fit(
        data(), epochs=2, shuffle=False, verbose=0, validation_data=data()
    ).history
    assert set(history) == {
        "loss",
        "mse",
        "adversarial_loss",
        "virtual_adversarial_loss",
        "val_loss",
        "val_mse",
    }
    assert_equal(history.values(), expected.values(), rtol=1e-6)
    assert_equal(arrays(ours.variables), arrays(theirs.variables), rtol=1e-6)
    kept = arrays(ours.classifier.variables)
    logs = ours.evaluate(data(), verbose=0)
    np.testing.assert_allclose(logs[0], history["val_loss"][-1], rtol=1e-6)
    np.testing.assert_allclose(
        ours.predict(data(), verbose=0),
        theirs.predict(X, batch_size=4, verbose=0),
        rtol=1e-5,
        atol=1e-7,
    )
    assert_equal(arrays(ours.classifier.variables), kept)


# Devices


def test_a_users_model_trains_on_several_devices_as_on_one():
    printed = subprocess.run(
        [sys.executable, TESTS / "perturbed_on_devices.py"],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert not printed.returncode, printed.stderr
    one, two = map(json.loads, printed.stdout.splitlines())
    assert (one.pop("num_devices"), two.pop("num_devices")) == (1, 2)
    for name in one:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-5, atol=1e-6)
