"""Trains alike on one and on two logical CPU devices; for test_parallel.

A program of its own: devices must be set up before anything else is done.
Prints a JSON line per number of devices: the losses and the weights.
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

from advtext import backend
from advtext.attacks import FastGradient
from advtext.data import Corpus, DocumentBatches, LanguageModelBatches
from advtext.models import LanguageModel, TextClassifier
from advtext.training import AdversarialLoss, AdversarialTraining

SIZE = 30


def corpus():
    random = np.random.default_rng(0)
    documents = [random.integers(1, SIZE, size=n) for n in range(3, 40)]
    return Corpus.from_documents(documents, np.arange(len(documents)) % 2)


def flat(model):
    return np.concatenate([w.ravel() for w in model.get_weights()]).tolist()


def train(num_devices):
    keras.utils.set_random_seed(0)
    with backend.parallel.data_parallel(num_devices):
        sizes = {"embedding_dim": 4, "units": 3, "embedding_dropout": 0.0}
        # The exact softmax: TensorFlow draws candidates for every device.
        model = LanguageModel(SIZE, num_candidates=0, batch_size=4, **sizes)
        model.adapt([0] + [1] * (SIZE - 1))
        # Most gradients are clipped: that of the whole batch is to be.
        model.compile(keras.optimizers.SGD(5.0, global_clipnorm=0.1))
        history = model.fit(
            LanguageModelBatches(corpus(), batch_size=4, timesteps=5),
            epochs=3,
            verbose=0,
        ).history
        yield {"language_model": history["loss"]}
        yield {"language_model_weights": flat(model)}

        classifier = TextClassifier(SIZE, **sizes)
        classifier.load_language_model(model)
        model = AdversarialTraining(
            classifier, [AdversarialLoss(FastGradient(1.0))]
        )
        optimizer = keras.optimizers.SGD(0.5, global_clipnorm=0.1)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["accuracy"])
        batches = DocumentBatches(corpus(), batch_size=6, max_length=40)
        history = model.fit(batches, epochs=3, verbose=0, shuffle=False).history
        yield history | {"weights": flat(model)}


if __name__ == "__main__":
    make_two_devices()
    for number in (1, 2):
        result = {"num_devices": number}
        for part in train(number):
            result |= part
        print(json.dumps(result), flush=True)
