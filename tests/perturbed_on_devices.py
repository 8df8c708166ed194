"""Trains a user's model on one and on two logical CPU devices.

A program of its own, for test_keras_callbacks: devices must be set up before
anything else is done. Prints a JSON line per number of devices.
"""

import json
import os

os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "")
    + " --xla_force_host_platform_device_count=2"
)

import keras
import numpy as np
from backends import make_two_devices

import advtext
from advtext import backend
from advtext.attacks import FastGradient
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    EntropyLoss,
    VirtualAdversarialLoss,
)

SIZE = 12
RANDOM = np.random.default_rng(0)
LENGTHS = RANDOM.integers(1, 7, size=(16, 1))
X = RANDOM.integers(1, SIZE, size=(16, 6)) * (np.arange(6) < LENGTHS)
Y = np.arange(16) % 2
WEIGHTS = np.arange(16, dtype="float32") / 8


class SameNoise:
    """Power iteration from ones: devices draw numbers of their own."""

    seed_generators = ()

    def __init__(self, attack):
        self.attack = attack

    def perturbation(self, logits_fn, embedded, mask, logits, divergence):
        before = keras.random.normal
        keras.random.normal = lambda shape, dtype, seed: keras.ops.ones(
            shape, dtype
        )
        try:
            return self.attack.perturbation(
                logits_fn, embedded, mask, logits, divergence=divergence
            )
        finally:
            keras.random.normal = before


def train(num_devices):
    keras.utils.set_random_seed(0)
    with backend.parallel.data_parallel(num_devices):
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((6,), dtype="int32"),
                layers.Embedding(SIZE, 3, "uniform", mask_zero=True),
                layers.Dense(4, "tanh"),
                layers.GlobalAveragePooling1D(),
                layers.Dense(1, kernel_regularizer="l2"),
            ]
        )
        virtual = VirtualAdversarialLoss(0.5, start_step=1, seed=0)
        virtual.attack = SameNoise(virtual.attack)
        training = AdversarialTraining(
            advtext.perturb_at(model),
            [AdversarialLoss(FastGradient(0.5)), virtual],
        )
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        # Most gradients are clipped: that of the whole batch is to be.
        optimizer = keras.optimizers.SGD(0.5, global_clipnorm=0.1)
        training.compile(optimizer, loss, metrics=["accuracy"])
        history = training.fit(
            X,
            Y,
            sample_weight=WEIGHTS,
            batch_size=8,
            epochs=3,
            shuffle=False,
            verbose=0,
            validation_data=(X, Y),
        ).history
        evaluated = training.evaluate(X, Y, batch_size=8, verbose=0)
        predicted = training.predict(X, batch_size=8, verbose=0)
        unlabelled = AdversarialTraining(training.classifier, [EntropyLoss()])
        unlabelled.compile(keras.optimizers.SGD(0.5), loss)
        losses = unlabelled.fit(X, batch_size=16, epochs=2, verbose=0).history
    weights = [w.ravel().tolist() for w in model.get_weights()]
    return history | {
        "weights": sum(weights, []),
        "evaluated": evaluated,
        "predicted": predicted.tolist(),
        "unlabelled": losses["loss"],
    }


if __name__ == "__main__":
    make_two_devices()
    for number in (1, 2):
        print(json.dumps({"num_devices": number} | train(number)), flush=True)
