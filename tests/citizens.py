"""Two small models, trained with adversarial terms: ours and a user's."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import advtext
from advtext.attacks import FastGradient
from advtext.models import TextClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    VirtualAdversarialLoss,
)

SIZE = 12
RANDOM = np.random.default_rng(0)
LENGTHS = RANDOM.integers(1, 7, size=(8, 1))
X = RANDOM.integers(1, SIZE, size=(8, 6)) * (np.arange(6) < LENGTHS)
Y = np.arange(8) % 2
WEIGHTS = np.arange(8, dtype="float32") / 4
BINARY = keras.losses.BinaryCrossentropy(from_logits=True)
EPSILON = 0.5


def native(dropout=0.0, dtype="float32"):
    classifier = TextClassifier(
        SIZE,
        embedding_dim=3,
        units=2,
        hidden_dim=4,
        embedding_dropout=dropout,
        dtype=dtype,
    )
    classifier.embedding.adapt(np.arange(SIZE))
    return classifier


def functional(dropout=0.0, dtype="float32"):
    """A user's model: padding is masked, and nothing in it is ours."""
    inputs = keras.Input((None,), dtype="int32")
    x = layers.Embedding(
        SIZE, 3, "uniform", mask_zero=True, dtype=dtype, name="embedding"
    )(inputs)
    x = layers.Dropout(dropout, dtype=dtype)(x)
    x = layers.Dense(4, "tanh", dtype=dtype)(x)
    x = layers.GlobalAveragePooling1D(dtype=dtype)(x)
    logits = layers.Dense(1, dtype=dtype)(x)
    # The policy of the model is the default one, whatever its layers have.
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        model = keras.Model(inputs, logits)
    finally:
        keras.config.set_dtype_policy(before)
    return advtext.perturb_at(model, "embedding")


MODELS = {"native": native, "functional": functional}
EVERY = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def adversarial(**kwargs):
    return AdversarialLoss(FastGradient(EPSILON), **kwargs)


def virtual(**kwargs):
    return VirtualAdversarialLoss(EPSILON, seed=0, **kwargs)


def both(**kwargs):
    return [adversarial(**kwargs), virtual(**kwargs)]


def training(make, terms=None, optimizer=None, seed=0, **kwargs):
    keras.utils.set_random_seed(seed)
    classifier = make() if callable(make) else make
    model = AdversarialTraining(classifier, both() if terms is None else terms)
    arguments = {"run_eagerly": True, **kwargs}
    model.compile(optimizer or keras.optimizers.SGD(0.1), BINARY, **arguments)
    return model


def fit(model, x=X, y=Y, **kwargs):
    arguments = {"batch_size": 4, "shuffle": False, "verbose": 0, **kwargs}
    return model.fit(x, y, **arguments).history


def arrays(variables):
    return [np.array(ops.cast(v, "float32")) for v in variables]


def assert_equal(ours, theirs, **tolerance):
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, **{"rtol": 0, **tolerance})
