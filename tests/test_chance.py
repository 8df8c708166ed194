import functools
import math
import re
import warnings

import keras
import numpy as np
import pytest

from advtext import backend, perturb_at
from advtext.attacks import FastGradient
from advtext.heads import LABELS
from advtext.training import AdversarialLoss, AdversarialTraining
from advtext.training.chance import Chance, ChanceWarning

RANDOM = np.random.default_rng(0)
Y = np.arange(400) % 2
X = RANDOM.integers(20, 60, (400, 8))
X[:, 3] = np.where(Y, RANDOM.integers(1, 10, 400), RANDOM.integers(10, 20, 400))


def network(outputs=1):
    return keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Embedding(60, 32),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(outputs),
        ]
    )


def warned(epsilon, learning_rate=1e-2, data=(X, Y), outputs=1, **options):
    """Returns the warnings of a training, and its last accuracy."""
    keras.utils.set_random_seed(0)
    term = AdversarialLoss(FastGradient(epsilon), **options)
    model = AdversarialTraining(perturb_at(network(outputs)), [term])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    if outputs > 1:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, ["accuracy"])
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        history = model.fit(*data, epochs=10, verbose=0).history
    assert set(history) == {"accuracy", "adversarial_loss", "loss"}
    texts = [str(each.message) for each in found]
    return [t for t in texts if "at chance" in t], history["accuracy"][-1]


def test_a_training_at_chance_is_warned_of_once():
    found, accuracy = warned(30.0, learning_rate=1e-9)
    assert accuracy < 0.6
    (text,) = found
    assert "`epsilon`=30 is" in text and "that of guessing 0.6931" in text


def unbalanced(shares, size=1000):
    """Rows whose fourth word tells their class, with classes so frequent."""
    y = RANDOM.permutation(
        np.repeat(np.arange(len(shares)), (shares * size).astype(int))
    )
    x = RANDOM.integers(20, 60, (len(y), 8))
    x[:, 3] = 5 * y + RANDOM.integers(1, 6, len(y))
    return x, y


BINARY, CATEGORICAL = np.array([0.9, 0.1]), np.array([0.7, 0.2, 0.1])


@pytest.mark.parametrize("shares", [BINARY, CATEGORICAL])
def test_guessing_the_most_frequent_class_is_chance_too(shares):
    outputs = 1 if len(shares) == 2 else 3
    x, y = unbalanced(shares)
    # Nothing in the text tells the class.
    found, accuracy = warned(0.5, 1e-2, (np.ones_like(x), y), outputs)
    assert accuracy == pytest.approx(shares[0], abs=0.01)
    (text,) = found
    entropy = -np.sum(shares * np.log(shares))
    guess = float(re.search(r"that of guessing ([0-9.]+) \(", text)[1])
    assert guess == pytest.approx(entropy, abs=0.05)
    assert "right of " in text


@pytest.mark.parametrize("shares", [BINARY, CATEGORICAL])
@pytest.mark.parametrize("learning_rate", [1e-2, 1e-3])
def test_unbalanced_classes_that_are_learned_slowly_are_not(
    shares, learning_rate
):
    outputs = 1 if len(shares) == 2 else 3
    data = unbalanced(shares)
    assert warned(0.05, learning_rate, data, outputs)[0] == []


@pytest.fixture
def judgements(monkeypatch):
    monkeypatch.setattr(backend, "sync_state", lambda model: None)
    return _judgements


def _judgements(losses, accuracy):
    """Warnings of a training whose windows come to these losses."""
    chance = Chance([AdversarialLoss(FastGradient(0.5))])
    chance.num_classes, chance.counts_as = 2, (LABELS, 0.0)
    callback = ChanceWarning(chance)
    callback.set_params({"steps": 10, "epochs": 10})
    callback.on_train_begin()
    found = []
    callback._warn = found.append
    totals = np.zeros((2, 128))
    totals[:, 0] = 100, 1000
    for loss in losses:
        sums = [1000 * loss, 1000, *np.ravel(totals), 1000, 1000 * accuracy]
        chance.sums = functools.partial(np.array, sums)
        callback.on_epoch_begin(0)
        callback.on_train_batch_end(9)
    return len(found)


GUESS = 0.3251


@pytest.mark.parametrize(
    "losses, accuracy, number",
    [
        ([GUESS] * 10, 0.9, 1),
        ([0.5, 0.33, GUESS + 0.01, 0.34, GUESS, GUESS], 0.9, 1),
        # Of two classes as frequent as another.
        ([math.log(2)] * 10, 0.9, 0),
        # It falls slowly, towards guessing and below it.
        (0.34 - 0.0005 * np.arange(100), 0.9, 0),
        (GUESS - 0.0002 * np.arange(100), 0.9, 0),
        # It is sure of what is wrong, and mostly right.
        ([GUESS] * 10, 0.95, 0),
        ([GUESS, 0.5, GUESS, 0.3] * 10, 0.9, 0),
        ([np.nan] * 10, 0.9, 0),
    ],
)
def test_windows_by_hand(judgements, losses, accuracy, number):
    assert judgements(losses, accuracy) == number


@pytest.mark.parametrize("options", [{}, {"relative": True}])
def test_a_training_that_learns_is_not(options):
    assert warned(0.05, **options) == ([], 1.0)


def test_callbacks_may_be_given_by_place():
    model = AdversarialTraining(
        perturb_at(network()), [AdversarialLoss(FastGradient(0.1))]
    )
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True))
    seen = []
    own = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(epoch)
    )
    model.fit(X[:8], Y[:8], 4, 2, 0, [own])
    model.fit(X[:8], Y[:8], 4, 1, 0, own)
    assert seen == [0, 1, 0]
