"""Rows 5, 9 to 11 and 19: what training on perturbed images does."""

import functools

import numpy as np

from advtext import evaluation
from advtext.attacks import FastGradient, ProjectedGradientDescent
from advtext.experiments.images.outcome import Outcome, result
from advtext.experiments.images.rubbish import draw

# Test images that the slower attacks are tried on.
_TRIED = 1000


def adversarial(study):
    """Row 5: the mix of clean and adversarial loss, beside the clean loss."""
    names = ["network", "network_adversarial"]
    rows = _scores(study, names, study.config.seeds)
    plain, trained = rows.values()
    curves = [row for name in names for row in _robustness(study, name)]
    return Outcome(
        [
            result("clean error %, plain", 0.94, plain["clean"]),
            result("clean error %, adversarial", 0.84, trained["clean"]),
            result("error % under FGSM, plain", None, plain["error"]),
            result("error % under FGSM, adversarial", None, trained["error"]),
        ],
        {f"The first {_TRIED:,} test images, perturbed within range": curves},
        {
            "robustness.png": functools.partial(
                evaluation.plot_robustness, curves
            )
        },
        [
            "The numbers above are of FGSM as published, which leaves the "
            "range of the pixels; the table and the figure stay inside it."
        ],
    )


def _robustness(study, name):
    """Returns the accuracy against epsilon, with the network's name."""
    x, y = (part[:_TRIED] for part in study.of(name))
    inside = {"norm": "linf", "value_range": study.value_range}
    epsilon = study.config.epsilon
    attacks = {
        "FGSM": FastGradient(epsilon, **inside),
        "PGD, 20 steps": ProjectedGradientDescent(
            epsilon, num_steps=20, **inside
        ),
    }
    epsilons = [round(part * epsilon, 4) for part in (0, 0.2, 0.4, 0.6, 0.8, 1)]
    rows = evaluation.robustness(study.model(name), attacks, x, y, epsilons)
    return [{"model": name, **row} for row in rows]


def noise(study):
    """Row 9: noise of the same length in place of the worst perturbation."""
    names = ["network", "network_sign_noise", "network_uniform_noise"]
    plain, sign, uniform = _scores(study, names).values()
    return Outcome(
        [
            result("error % under FGSM, signs", 86.2, sign["error"]),
            result("mean confidence %, signs", 97.3, sign["confidence"]),
            result("error % under FGSM, uniform", 90.4, uniform["error"]),
            result("mean confidence %, uniform", 97.8, uniform["confidence"]),
            result("error % under FGSM, no noise", None, plain["error"]),
            result("clean error %, signs", None, sign["clean"]),
            result("clean error %, uniform", None, uniform["clean"]),
            result("clean error %, no noise", None, plain["clean"]),
        ]
    )


def weight_decay(study):
    """Row 10: an L1 penalty of the first layer, in place of perturbations."""
    found = []
    for seed in study.config.control_seeds:
        model = study.model("network_l1", seed)
        x, y = study.of("network_l1", "train")
        found.append(evaluation.score(model, x, y, batch_size=1000)["error"])
    scores = _scores(study, ["network_l1"])["network_l1"]
    return Outcome(
        [
            result("training error %", "above 5", found),
            result("clean error %", None, scores["clean"]),
            result("error % under FGSM", None, scores["error"]),
        ]
    )


def places(study):
    """Row 11: perturbing by rotation, and perturbing hidden layers."""
    names = {
        "nothing": "network",
        "input, FGSM": "network_adversarial",
        "input, rotation": "network_rotation",
        "first hidden layer, FGSM": "network_hidden_1",
        "last hidden layer, FGSM": "network_hidden_2",
    }
    scores = _scores(study, list(names.values()))
    table = [
        {
            "perturbed in training": what,
            "clean_error": float(np.mean(scores[name]["clean"])),
            "error_under_FGSM": float(np.mean(scores[name]["error"])),
        }
        for what, name in names.items()
    ]
    results = [
        result(f"{column} %, {row['perturbed in training']}", None, row[key])
        for row in table
        for column, key in (
            ("clean error", "clean_error"),
            ("error under FGSM", "error_under_FGSM"),
        )
    ]
    return Outcome(results, {"Where the perturbation is added": table})


def on_rubbish(study):
    """Row 19: noise as training images of no class."""
    names = ["network", "network_rubbish"]
    plain, trained = _scores(study, names).values()
    noise = draw(study)
    rows = evaluation.rubbish(
        {name: study.model(name) for name in names}, noise, batch_size=1000
    )
    return Outcome(
        [
            result(
                "rubbish called a class %, trained on it",
                0.0,
                rows[1]["called_a_class"],
            ),
            result("the same, plain", None, rows[0]["called_a_class"]),
            result("clean error %, trained on it", None, trained["clean"]),
            result("clean error %, plain", None, plain["clean"]),
            result("error % under FGSM, trained on it", None, trained["error"]),
        ],
        {"Rubbish": rows},
    )


def _scores(study, names, seeds=None):
    """Returns clean and attacked scores of networks, a list over the seeds."""
    seeds = seeds or study.config.control_seeds
    found = {}
    for name in names:
        scores = {"clean": [], "error": [], "confidence": []}
        for seed in seeds:
            model = study.model(name, seed)
            after = study.score(name, model)
            scores["clean"].append(study.score(name, model, False)["error"])
            scores["error"].append(after["error"])
            scores["confidence"].append(after["confidence_on_errors"])
        found[name] = scores
    return found
