"""Rows 6 to 8: a larger network, stopped on adversarial validation error."""

import functools

from advtext import evaluation
from advtext.attacks import FastGradient
from advtext.experiments.images.attacked import within_range
from advtext.experiments.images.outcome import Outcome, result
from advtext.training import AdversarialValidation

NAMES = ("large", "large_adversarial")


def _networks(study):
    """Returns the trained networks of every seed, a dict from name to list.

    How many passes are best is found on images that are set aside: by the
    error on them, adversarial where training is. Then all are trained on, for
    so many passes.
    """
    found = {}
    x, y = study.of("large", "train")
    for name in NAMES:
        epochs = _best_epochs(study, name)
        found[name] = [
            study.trained(name, seed, x, y, epochs, study.config.large_epochs)
            for seed in study.config.large_seeds
        ]
    return found


def _best_epochs(study, name):
    config = study.config
    run = study.run(f"{name}_search", config.large_seeds[0])
    if not run.finished:
        rest, held_out = study.set_aside()
        attack = FastGradient(0.0, norm="linf")
        if name == "large_adversarial":
            attack = study.fast_gradient(name)
        study.train(
            name,
            config.large_seeds[0],
            rest.images,
            rest.labels,
            config.large_epochs,
            run,
            validation=AdversarialValidation(
                attack, held_out.images, held_out.labels, name="val_error"
            ),
            patience=config.patience,
        )
    return run.metrics()["best_epochs"]


def clean(study):
    """Row 6: the clean error, without and with adversarial training."""
    networks = _networks(study)
    errors = {
        name: [study.score(name, m, False)["error"] for m in models]
        for name, models in networks.items()
    }
    epochs = [study.run(n, study.config.large_seeds[0]) for n in NAMES]
    plain, trained = (run.metrics()["epochs"] for run in epochs)
    return Outcome(
        [
            result("clean error %, plain", 1.14, errors["large"]),
            result(
                "clean error %, adversarial",
                0.782,
                errors["large_adversarial"],
            ),
            result("passes over all images, plain", None, plain),
            result("passes over all images, adversarial", None, trained),
        ]
    )


def attacked(study):
    """Row 7: the error on adversarial examples, before and after."""
    networks = _networks(study)
    plain, trained = (
        [study.score(name, model) for model in networks[name]] for name in NAMES
    )

    def of(scores, key):
        return [score[key] for score in scores]

    sure = "confidence_on_errors"
    results = [
        result("error % under FGSM, plain", 89.4, of(plain, "error")),
        result("error % under FGSM, adversarial", 17.9, of(trained, "error")),
        result("mean confidence % on errors, plain", None, of(plain, sure)),
        result(
            "mean confidence % on errors, adversarial", 81.4, of(trained, sure)
        ),
    ]
    first = {name: models[0] for name, models in networks.items()}
    return Outcome(results, **within_range(study, first))


def transferred(study):
    """Row 8: examples of one network, given to the other."""
    models = {name: found[0] for name, found in _networks(study).items()}
    x, y = study.of("large")
    rows = evaluation.transfer(
        models, study.fast_gradient("large"), x, y, batch_size=1000
    )
    errors = {(row["source"], row["target"]): row["error"] for row in rows}
    plain, trained = NAMES
    return Outcome(
        [
            result(
                "error % of the trained one on the plain one's examples",
                19.6,
                errors[plain, trained],
            ),
            result(
                "error % of the plain one on the trained one's examples",
                40.9,
                errors[trained, plain],
            ),
        ],
        {"Examples made on one network, given to another": rows},
        {"transfer.png": functools.partial(evaluation.plot_transfer, rows)},
    )
