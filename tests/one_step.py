"""Takes one training step on the backend of KERAS_BACKEND, for comparison.

    python one_step.py FOLDER

Writes `BACKEND.npz` (logits, loss, values of the terms, all gradients) and
`BACKEND.keras` into the folder, and compares predictions of all `*.keras` files
that are there already with those written beside them.
"""

import pathlib
import sys

import keras
import numpy as np
from keras import ops

from advtext.attacks import FastGradient, RandomNoise
from advtext.models import LanguageModel, TextClassifier
from advtext.training import (
    AdversarialLoss,
    AdversarialTraining,
    VirtualAdversarialLoss,
)

SIZE = 50
RANDOM = np.random.default_rng(0)
X = RANDOM.integers(1, SIZE, size=(6, 5))
X *= np.arange(5) < RANDOM.integers(2, 6, size=(6, 1))
U = RANDOM.integers(1, SIZE, size=(4, 4))
Y = np.arange(6) % 2


def set_weights(model):
    """Gives a model weights that no backend draws."""
    for variable in model.trainable_variables:
        variable.assign(0.3 * RANDOM.normal(size=variable.shape))


def normal(shape, dtype=None, seed=None):
    """The same noise on every backend."""
    noise = np.random.default_rng(1).normal(size=tuple(map(int, shape)))
    return ops.convert_to_tensor(noise, dtype)


def classifier_step(**kwargs):
    classifier = TextClassifier(
        SIZE, 8, 5, embedding_dropout=0.0, hidden_dim=4, **kwargs
    )
    classifier.embedding.adapt(np.arange(SIZE))
    set_weights(classifier)
    terms = [
        AdversarialLoss(FastGradient(0.7)),
        AdversarialLoss(RandomNoise(0.5), name="random"),
        VirtualAdversarialLoss(0.9, num_power_iterations=2),
    ]
    model = AdversarialTraining(classifier, terms)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), loss)
    inputs = {"labelled": X, "unlabelled": U}
    gradients, logits = model.compute_gradients(inputs, Y)
    losses = [
        float(m.result()) for m in (model.metrics[0], *model.term_trackers)
    ]
    results = [logits, losses, *map(ops.convert_to_tensor, gradients)]
    history = model.fit(X, Y, epochs=3, batch_size=6, verbose=0, shuffle=False)
    return classifier, [*results, history.history["loss"]]


def language_model_step():
    model = LanguageModel(
        SIZE, 8, 5, num_candidates=0, embedding_dropout=0.0, batch_size=4
    )
    model.adapt(np.arange(SIZE))
    set_weights(model)
    model.compile(keras.optimizers.Adam(0.01))
    history = model.fit(U[:, :-1], U[:, 1:], batch_size=4, epochs=3, verbose=0)
    return [history.history["loss"], *model.trainable_variables]


def main(folder):
    keras.random.normal = normal
    classifier, results = classifier_step(bidirectional=True, pooling="concat")
    results += language_model_step()
    name = folder / keras.backend.backend()
    np.savez(f"{name}.npz", *map(np.asarray, results))
    for path in folder.glob("*.keras"):
        loaded = keras.models.load_model(path)
        expected = np.load(path.with_suffix(".npy"))
        predicted = loaded.predict(X, verbose=0)
        np.testing.assert_allclose(predicted, expected, rtol=1e-4, atol=1e-6)
        print(f"{path.name} agrees")
    classifier.save(f"{name}.keras")
    np.save(f"{name}.npy", classifier.predict(X, verbose=0))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
