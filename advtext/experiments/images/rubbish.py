"""Rows 16 to 18: images that are of no class."""

import functools

import numpy as np

from advtext import evaluation
from advtext.experiments.images.outcome import Outcome, result


def draw(study, number=None):
    """Returns rubbish shaped like the images: draws from N(0, I)."""
    shape = study.images["test"].images.shape[1:]
    random = np.random.default_rng((study.config.seeds[0], 16))
    number = number or study.config.num_rubbish
    return random.standard_normal((number, *shape), dtype="float32")


def networks(study):
    """Row 16: how many of the draws four networks take for a class."""
    published = {
        "network": (98.35, 92.8),
        "network_independent": (68.0, 87.9),
        "softmax": (59.8, 70.8),
        "rbf": (0.0, None),
    }
    rows = _rubbish(study, list(published))
    results = []
    for row, (called, confidence) in zip(rows, published.values(), strict=True):
        name = row["model"]
        results += [
            result(f"called a class %, {name}", called, row["called_a_class"]),
            result(f"mean confidence %, {name}", confidence, row["confidence"]),
        ]
    return Outcome(
        results,
        {"Draws from N(0, I) that are called a class with p > 0.5": rows},
        {"rubbish.png": functools.partial(evaluation.plot_rubbish, rows)},
    )


def convolutional(study):
    """Row 17: the same of a convolutional network."""
    (row,) = _rubbish(study, ["network"])
    return Outcome(
        [
            result("called a class %", 93.4, row["called_a_class"]),
            result("mean confidence %", 84.4, row["confidence"]),
        ]
    )


def _rubbish(study, names):
    return evaluation.rubbish(
        {name: study.model(name) for name in names},
        draw(study),
        probabilities=study.probabilities(*names),
        batch_size=1000,
    )


def fooling(study):
    """Row 18: noise, moved by one step towards a class."""
    config = study.config
    noise = draw(study, min(config.num_rubbish, 1000))
    rows, images, fooled = evaluation.fooling(
        study.model("network"), noise, config.epsilon, batch_size=500
    )
    classes = rows[:-1]
    results = [
        result("success %, mean over classes", 75.3, rows[-1]["success"]),
        result(
            "success %, hardest class",
            24.7,
            min(row["success"] for row in classes),
        ),
        result(
            "success %, easiest class",
            100.0,
            max(row["success"] for row in classes),
        ),
    ]
    table = {"Noise moved towards a class, one step": rows}
    plot = functools.partial(evaluation.plot_fooling, rows, images, fooled)
    return Outcome(results, table, {"fooling.png": plot})
