"""What holds on the JAX backend only."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from backends import ON_TENSORFLOW

from advtext import backend
from advtext.data import (
    Corpus,
    DocumentBatches,
    LanguageModelBatches,
    SemiSupervisedBatches,
)
from advtext.models import LanguageModel, TextClassifier
from advtext.training import AdversarialTraining, VirtualAdversarialLoss

pytestmark = pytest.mark.skipif(ON_TENSORFLOW, reason="of the JAX backend")


def corpus(number, labels=None):
    random = np.random.default_rng(0)
    lengths = random.integers(1, 41, size=number)
    return Corpus.from_documents(
        [random.integers(1, 30, size=n) for n in lengths], labels
    )


def test_a_step_is_compiled_once_for_every_width():
    labelled = DocumentBatches(corpus(60, np.arange(60) % 2), 4, 40)
    unlabelled = DocumentBatches(corpus(200), 6, 40, pool=labelled.pool)
    batches = SemiSupervisedBatches(labelled, unlabelled)
    widths = set()
    for k in range(2 * len(batches)):
        x, _ = batches.batch(k)
        assert x["labelled"].shape[1] == x["unlabelled"].shape[1]
        widths.add(x["labelled"].shape[1])
    model = AdversarialTraining(
        TextClassifier(30, embedding_dim=4, units=3),
        [VirtualAdversarialLoss(1.0)],
    )
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    before = backend.jax.compilations["train_step"]
    model.fit(batches, epochs=2, verbose=0, shuffle=False)
    compiled = backend.jax.compilations["train_step"] - before
    assert 3 < len(widths) <= 8
    assert compiled == len(widths)


def test_a_step_of_pretraining_is_compiled_once():
    model = LanguageModel(
        30, embedding_dim=4, units=3, num_candidates=5, batch_size=4, seed=0
    )
    model.adapt([0] + [1] * 29)
    model.compile("adam")
    batches = LanguageModelBatches(corpus(60), batch_size=4, timesteps=5)
    before = backend.jax.compilations["train_step"]
    model.fit(batches, epochs=2, verbose=0)
    assert backend.jax.compilations["train_step"] - before == 1
    assert len(batches) > 3


def test_tensorflow_is_not_imported():
    code = (
        "import sys, advtext, advtext.cli, advtext.experiments.fitting\n"
        "print([m for m in sys.modules if m.partition('.')[0] == 'tensorflow'])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert printed == "[]\n"
