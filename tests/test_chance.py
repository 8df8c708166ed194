import warnings

import keras
import numpy as np
import pytest

from advtext import perturb_at
from advtext.attacks import FastGradient
from advtext.training import AdversarialLoss, AdversarialTraining

RANDOM = np.random.default_rng(0)
Y = np.arange(400) % 2
X = RANDOM.integers(20, 60, (400, 8))
X[:, 3] = np.where(Y, RANDOM.integers(1, 10, 400), RANDOM.integers(10, 20, 400))


def network():
    return keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Embedding(60, 32),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1),
        ]
    )


def warned(epsilon, learning_rate=1e-2, **options):
    """Returns the warnings of a training, and its last accuracy."""
    keras.utils.set_random_seed(0)
    term = AdversarialLoss(FastGradient(epsilon), **options)
    model = AdversarialTraining(perturb_at(network()), [term])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(learning_rate), loss, ["accuracy"])
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        history = model.fit(X, Y, epochs=10, verbose=0).history
    assert set(history) == {"accuracy", "adversarial_loss", "loss"}
    texts = [str(each.message) for each in found]
    return [t for t in texts if "at chance" in t], history["accuracy"][-1]


def test_a_training_at_chance_is_warned_of_once():
    found, accuracy = warned(30.0, learning_rate=1e-9)
    assert accuracy < 0.6
    (text,) = found
    assert "`epsilon`=30 is" in text and "that of guessing 0.6931" in text


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
