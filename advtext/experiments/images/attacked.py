"""Rows 1 to 4, 12 and 21: networks trained on clean images, under FGSM."""

import functools

import numpy as np
from keras import ops

from advtext import evaluation
from advtext.attacks import FastGradient, ProjectedGradientDescent
from advtext.experiments.images.outcome import Outcome, result
from advtext.losses import cross_entropy

# Test images that the slower attacks are tried on.
_TRIED = 1000


def attacked(study, name, error, confidence, clean=None, clean_confidence=None):
    """Measures a network, clean and attacked, over the seeds.

    Args:
        study: `Study`.
        name: Name of its recipe.
        error: Published error on FGSM, in percent.
        confidence: Published mean confidence on these errors, in percent.
        clean: Published clean error, in percent.
        clean_confidence: Published mean confidence on clean images.

    Returns:
        `Outcome`.
    """
    seeds = study.config.seeds
    found = [study.score(name, study.model(name, s)) for s in seeds]
    before = [study.score(name, study.model(name, s), False) for s in seeds]
    epsilon = study.config.epsilon
    results = [
        result("clean error %", clean, [s["error"] for s in before]),
        result(
            f"error % under FGSM {epsilon:g}",
            error,
            [s["error"] for s in found],
        ),
        result(
            "mean confidence % on these errors",
            confidence,
            [s["confidence_on_errors"] for s in found],
        ),
        result(
            "mean confidence % on clean images",
            clean_confidence,
            [s["confidence"] for s in before],
        ),
    ]
    return Outcome(results)


def within_range(study, models):
    """Measures accuracy against epsilon, with the pixels kept in their range.

    Args:
        study: `Study`.
        models: Dict from name to network, of one softmax each.

    Returns:
        The table, the figure and a note, named as of `Outcome`.
    """
    x, y = (part[:_TRIED] for part in study.of("network"))
    inside = {"norm": "linf", "value_range": study.value_range}
    epsilon = study.config.epsilon
    attacks = {
        "FGSM": FastGradient(epsilon, **inside),
        "PGD, 20 steps": ProjectedGradientDescent(
            epsilon, num_steps=20, **inside
        ),
    }
    epsilons = [round(part * epsilon, 4) for part in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    rows = [
        {"model": name, **row}
        for name, model in models.items()
        for row in evaluation.robustness(model, attacks, x, y, epsilons)
    ]
    title = f"The first {len(x):,} test images, perturbed within range"
    plot = functools.partial(evaluation.plot_robustness, rows)
    note = (
        "The numbers of FGSM are as published, where it leaves the range of "
        "the pixels; the table and the figure stay inside it."
    )
    return {
        "tables": {title: rows},
        "figures": {"robustness.png": plot},
        "notes": [note],
    }


def softmax(study):
    return attacked(study, "softmax", 99.9, 79.3)


def maxout(study):
    return attacked(study, "network", 89.4, 97.6)


def convolutional_maxout(study):
    return attacked(study, "network", 87.15, 96.6)


def rbf(study):
    return attacked(study, "rbf", 55.4, 1.2, clean_confidence=60.6)


def rbm(study):
    outcome = attacked(study, "rbm", 97.5, None, clean=0.88)
    outcome.notes.append(
        "A classification RBM, trained on the joint distribution as well, in "
        "place of the multi-prediction deep Boltzmann machine of the paper."
    )
    return outcome


def logistic(study):
    """Row 4: 3 against 7, where the worst case has a closed form."""
    outcome = attacked(study, "logistic", 99.0, None, clean=1.6)
    model, epsilon = study.model("logistic"), study.config.epsilon
    x, y = study.of("logistic")
    flat = x.reshape(len(x), -1).astype("float64")
    kernel, bias = (np.asarray(w, "float64") for w in model.weights)
    sign = 2.0 * y - 1.0
    margin = sign * (flat @ kernel[:, 0] + bias[0])
    exact = np.logaddexp(0.0, epsilon * np.abs(kernel).sum() - margin)
    logits = evaluation.predict_logits(model, study.examples("logistic"))
    losses = ops.convert_to_numpy(cross_entropy(y, logits))
    worst = np.max(np.abs(losses - exact) / exact)
    outcome.results += [
        result("mean loss, clean", None, np.mean(np.logaddexp(0.0, -margin))),
        result("mean loss under FGSM", None, np.mean(losses)),
        result("mean loss of the closed form", None, np.mean(exact)),
        result("largest relative difference of a loss", None, worst),
    ]
    return outcome
