"""Times one training step of every method against the plain step.

    python benchmarks/step_time.py [--batch 32 --time 200 --dim 128 --units 256]

All methods take turns in one process, so that the machine's drift hits all of
them; a figure is the median over the rounds of the ratio to the plain step of
the same round. Prints one JSON line. The floor is counted in passes: a plain
step is 3 (forward, backward to the inputs, backward to the weights), AT 6, VAT
on the same batch 8. `plain_bfloat16` is the plain step with the factors of its
products rounded (`matmul_dtype`), `plain_keras_lstm` the one with Keras' LSTM.
"""

import argparse
import json
import platform
import statistics
import time

import keras
import numpy as np

from advtext import attacks, backend, models, training

FLOORS = {"adversarial": 6 / 3, "virtual_adversarial": 8 / 3, "both": 11 / 3}


def build(method, arguments):
    """Returns a compiled model that trains by a method."""
    terms = []
    if method in ("adversarial", "both"):
        terms.append(training.AdversarialLoss(attacks.FastGradient(5.0)))
    if method in ("virtual_adversarial", "both"):
        terms.append(training.VirtualAdversarialLoss(5.0))
    classifier = models.TextClassifier(
        arguments.vocabulary_size, arguments.dim, arguments.units
    )
    if method == "plain_keras_lstm":
        for lstm in classifier.lstms:
            lstm.__class__ = keras.layers.LSTM
    model = training.AdversarialTraining(classifier, terms)
    model.compile(
        "adam",
        keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=arguments.jit_compile or backend.STEPS_ARE_COMPILED,
    )
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--time", type=int, default=200)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--vocabulary_size", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--jit_compile", action="store_true")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    shape = arguments.batch, arguments.time
    x = rng.integers(1, arguments.vocabulary_size, shape)
    y = rng.integers(0, 2, arguments.batch)
    methods = ("plain", *FLOORS, "plain_bfloat16", "plain_keras_lstm")
    steps = {method: build(method, arguments) for method in methods}
    seconds = {method: [] for method in steps}
    for done in range(arguments.rounds + 2):
        for method, model in steps.items():
            rounded = method == "plain_bfloat16"
            start = time.perf_counter()
            with backend.matmul_dtype("bfloat16" if rounded else "float32"):
                model.train_on_batch(x, y)
            if done >= 2:
                seconds[method].append(time.perf_counter() - start)
    ratios = {
        method: statistics.median(
            step / plain
            for step, plain in zip(
                seconds[method], seconds["plain"], strict=True
            )
        )
        for method in methods[1:]
    }
    print(
        json.dumps(
            {
                "benchmark": "step_time",
                "ratio_to_plain": {m: round(r, 3) for m, r in ratios.items()},
                "floor": {m: round(f, 3) for m, f in FLOORS.items()},
                "plain_seconds": round(statistics.median(seconds["plain"]), 4),
                **vars(arguments),
                "keras": keras.__version__,
                "backend": keras.backend.backend(),
                "machine": platform.machine(),
            }
        )
    )


if __name__ == "__main__":
    main()
