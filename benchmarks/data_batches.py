"""Padding of batches, and how long training steps wait for them."""

import time

import keras
import numpy as np

from advtext.data import (
    DocumentBatches,
    EvaluationBatches,
    LanguageModelBatches,
    SemiSupervisedBatches,
)
from advtext.data.length_buckets import default_boundaries, equal_steps
from advtext.models import TextClassifier
from advtext.training import AdversarialTraining

MAX_LENGTH = 400
WARM_UP = 5


def padding_share(batches):
    """Returns the share of empty places in a pass, and the number of widths."""
    places = tokens = 0
    widths = set()
    for k in range(len(batches)):
        batch = batches.batch(k)
        token_ids = batch[0] if isinstance(batch, tuple) else batch
        if isinstance(token_ids, dict):
            token_ids = np.concatenate(list(token_ids.values()))
        places += token_ids.size
        tokens += np.count_nonzero(token_ids)
        widths.add(token_ids.shape[1])
    return {
        "percent": round(100 * (1 - tokens / places), 2),
        "widths": len(widths),
    }


def measure_padding(corpora):
    """Measures one pass of each kind of batches.

    Returns:
        Dict from number of boundaries to dict from kind to share.
    """
    train, unlabelled, test = (corpora[s] for s in ("train", "unsup", "test"))
    few = equal_steps(MAX_LENGTH)
    found = {}
    for boundaries in sorted({few, default_boundaries(MAX_LENGTH)}, key=len):
        settings = {"max_length": MAX_LENGTH, "boundaries": boundaries}

        def documents(corpus, size, settings=settings):
            return DocumentBatches(corpus, size, **settings)

        kinds = {
            "DocumentBatches, 32": documents(train, 32),
            "DocumentBatches, 64": documents(train, 64),
            "SemiSupervisedBatches, 32 + 32": SemiSupervisedBatches(
                documents(train, 32), documents(unlabelled, 32)
            ),
            "SemiSupervisedBatches, 64 + 64": SemiSupervisedBatches(
                documents(train, 64), documents(unlabelled, 64)
            ),
            "EvaluationBatches, 256": EvaluationBatches(test, 256, **settings),
            "LanguageModelBatches, 64": LanguageModelBatches(
                train, 64, steps=10
            ),
        }
        found[len(boundaries)] = {
            kind: padding_share(batches) for kind, batches in kinds.items()
        }
    return found


class _Watched(DocumentBatches):
    """Notes when each batch was asked for and when it was ready."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.times = {}

    def __getitem__(self, index):
        start = time.perf_counter()
        batch = super().__getitem__(index)
        self.times[index] = start, time.perf_counter()
        return batch


class _Steps(keras.callbacks.Callback):
    """Notes when each step began and ended."""

    def __init__(self):
        super().__init__()
        self.times = []

    def on_train_batch_begin(self, batch, logs=None):
        self.times.append([time.perf_counter()])

    def on_train_batch_end(self, batch, logs=None):
        self.times[-1].append(time.perf_counter())


def measure_idle(corpus, steps, workers):
    """Trains a small classifier; returns how long its steps waited.

    A step waits from its beginning until its batch is ready.
    """
    keras.utils.set_random_seed(0)
    classifier = TextClassifier(30_000, 128, 256)
    model = AdversarialTraining(classifier)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    batches = _Watched(
        corpus, 32, MAX_LENGTH, steps=WARM_UP + steps, workers=workers
    )
    watch = _Steps()
    model.fit(batches, shuffle=False, verbose=0, callbacks=[watch])
    begins, ends = np.array(watch.times[WARM_UP:]).T
    times = [batches.times[k] for k in range(WARM_UP, WARM_UP + steps)]
    asked, ready = np.array(times).T
    waited = np.maximum(0.0, ready - begins)
    return {
        "workers": workers,
        "step_ms": round(1000 * float(np.median(ends - begins)), 1),
        "batch_ms": round(1000 * float(np.median(ready - asked)), 2),
        "steps_that_waited": int(np.count_nonzero(waited)),
        "idle_percent": round(100 * waited.sum() / (ends[-1] - begins[0]), 3),
    }
