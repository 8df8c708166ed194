"""Tiny classifiers, and single training steps of them, for several tests."""

import keras
import numpy as np
from keras import ops

from advtext.models import Classifier, TextClassifier
from advtext.training import AdversarialTraining

SIZE = 12


class Dropped(Classifier):
    """Draws masks and moves statistics where it classifies."""

    def __init__(self, dtype="float32"):
        super().__init__(dtype=dtype)
        self.inner = [
            keras.layers.Dense(4, "tanh", dtype=dtype),
            keras.layers.BatchNormalization(dtype=dtype),
            keras.layers.Dropout(0.5, dtype=dtype),
            keras.layers.Dense(3, dtype=dtype),
        ]
        for layer, dim in zip(self.inner, (5, 4, 4, 4), strict=True):
            layer.build((None, dim))
        self.built = True

    def classify(self, embedded, mask=None, training=False):
        for layer in self.inner:
            embedded = layer(embedded, training=training)
        return embedded


def text(dtype="float32", **kwargs):
    kwargs = {"embedding_dim": 3, "units": 2, "hidden_dim": 3, **kwargs}
    classifier = TextClassifier(SIZE, dtype=dtype, **kwargs)
    classifier.embedding.adapt(np.arange(SIZE))
    return classifier


def documents(number, seed=0):
    random = np.random.default_rng(seed)
    ids = random.integers(1, SIZE, size=(number, 6))
    return ids * (np.arange(6) < random.integers(2, 7, size=(number, 1)))


def data(classifier, number=8):
    if isinstance(classifier, TextClassifier):
        return documents(number), np.arange(number) % 2
    x = np.random.default_rng(0).normal(size=(number, 5))
    return ops.convert_to_tensor(x, classifier.dtype), np.arange(number) % 3


def training(classifier, terms):
    model = AdversarialTraining(classifier, terms)
    loss = keras.losses.SparseCategoricalCrossentropy
    if isinstance(classifier, TextClassifier):
        loss = keras.losses.BinaryCrossentropy
    loss = loss(from_logits=True, dtype=classifier.dtype)
    model.compile("sgd", loss, run_eagerly=True)
    return model


def state(classifier):
    return [np.asarray(v) for v in classifier.non_trainable_variables]


def restore(classifier, values):
    variables = classifier.non_trainable_variables
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def step(classifier, terms, x, y, sample_weight=None):
    """Returns gradients, values of the terms and the state after a step.

    The step is taken from the state (seeds, statistics) found, which is put
    back.
    """
    before = state(classifier)
    model = training(classifier, terms)
    gradients, logits = model.compute_gradients(x, y, sample_weight)
    values = {t.name: float(t.result()) for t in model.term_trackers}
    values["loss"] = float(model.metrics[0].result())
    after = state(classifier)
    restore(classifier, before)
    gradients = [np.asarray(ops.convert_to_tensor(g)) for g in gradients]
    return gradients, values, after, np.asarray(logits)
