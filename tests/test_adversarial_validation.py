import keras
import numpy as np
import pytest

from advtext.attacks import FastGradient
from advtext.models import softmax_regression
from advtext.training import AdversarialTraining, AdversarialValidation

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((60, 3)).astype("float32")
Y = (X[:, 0] > 0).astype("int32")


def model(rate=0.1):
    keras.utils.set_random_seed(0)
    made = AdversarialTraining(softmax_regression(2), [])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    made.compile(keras.optimizers.SGD(rate), loss)
    return made


def test_the_logs_hold_what_the_closed_form_gives():
    trained = model()
    attack = FastGradient(0.3, norm="linf")
    validation = AdversarialValidation(attack, X, Y, batch_size=25)
    history = trained.fit(X, Y, epochs=3, verbose=0, callbacks=[validation])
    errors = history.history["val_adversarial_error"]
    kernel, bias = (np.asarray(w) for w in trained.classifier.weights)
    margin = (2 * Y - 1) * (X @ kernel[:, 0] + bias[0])
    exact = 100 * np.mean(margin - 0.3 * np.abs(kernel).sum() < 0)
    assert len(errors) == 3
    assert errors[-1] == pytest.approx(exact)
    assert validation.error() == errors[-1]


def test_keras_stops_early_on_it():
    validation = AdversarialValidation(FastGradient(0.3, norm="linf"), X, Y)
    stop = keras.callbacks.EarlyStopping(
        monitor="val_adversarial_error", mode="min", patience=2
    )
    # Nothing is learned, so nothing gets better.
    history = model(0.0).fit(
        X, Y, epochs=9, verbose=0, callbacks=[validation, stop]
    )
    assert len(history.epoch) == 3


def test_measuring_changes_no_training():
    found = []
    for epsilon in (None, 0.3):
        trained = model()
        callbacks = []
        if epsilon is not None:
            attack = FastGradient(epsilon, norm="linf")
            callbacks = [AdversarialValidation(attack, X, Y)]
        trained.fit(X, Y, epochs=3, verbose=0, callbacks=callbacks)
        found.append(trained.get_weights())
    for plain, measured in zip(*found, strict=True):
        np.testing.assert_array_equal(plain, measured)


def test_labels_that_do_not_fit():
    with pytest.raises(ValueError, match=r"x.shape=\(60, 3\), y.shape=\(59,\)"):
        AdversarialValidation(FastGradient(0.1), X, Y[1:])
