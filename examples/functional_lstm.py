"""A functional LSTM; of 600 texts, 40 have a label."""

import keras
import numpy as np
from keras import layers

import advtext
from advtext.attacks import FastGradient
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    VirtualAdversarialLoss,
)


def texts(number, random):
    """Words 1-60 are of class 0, 61-120 of class 1; a quarter is astray."""
    y = random.integers(0, 2, (number, 1))
    other = random.random((number, 12)) < 0.25
    x = random.integers(1, 61, (number, 12)) + 60 * (y ^ other)
    return x * (np.arange(12) < random.integers(6, 13, (number, 1))), y


random = np.random.default_rng(0)
(x, y), test = texts(600, random), texts(1000, random)
y[40:] = -1  # No label.
at = AdversarialLoss(FastGradient(epsilon=1.0))
vat = VirtualAdversarialLoss(epsilon=1.0, seed=0, start_step=30)
for terms in [], [at, vat]:
    keras.utils.set_random_seed(0)
    token_ids = keras.Input((None,), dtype="int32")
    z = layers.Embedding(121, 16, mask_zero=True, name="words")(token_ids)
    logits = layers.Dense(1)(layers.LSTM(16)(z))
    lstm = keras.Model(token_ids, logits)
    model = AdversarialTraining(advtext.perturb_at(lstm, "words"), terms)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    model.fit(x, y, batch_size=100, epochs=15, verbose=0)
    accuracy = model.evaluate(*test, verbose=0, return_dict=True)["accuracy"]
    print([term.name for term in terms], f"{accuracy:.3f}")
