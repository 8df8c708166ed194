"""Rows 5, 9 to 11 and 19: what training on perturbed images does."""

from advtext import evaluation
from advtext.experiments.images.attacked import within_range
from advtext.experiments.images.outcome import Outcome, result
from advtext.experiments.images.rubbish import draw


def adversarial(study):
    """Row 5: the mix of clean and adversarial loss, beside the clean loss."""
    arms = {
        "plain": ("network", 0.94),
        "adversarial": ("network_adversarial", 0.84),
        "plain, no dropout": ("undropped", None),
        "adversarial, no dropout": ("undropped_adversarial", None),
    }
    names = [name for name, _ in arms.values()]
    scores = _scores(study, names, study.config.seeds)
    results = []
    for arm, (name, published) in arms.items():
        errors = scores[name]["clean"]
        results.append(result(f"clean error %, {arm}", published, errors))
    for arm, (name, _) in arms.items():
        errors = scores[name]["error"]
        results.append(result(f"error % under FGSM, {arm}", None, errors))
    models = {arm: study.model(name) for arm, (name, _) in arms.items()}
    return Outcome(results, **within_range(study, models))


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
        "nothing perturbed": "network",
        "input, FGSM": "network_adversarial",
        "input, rotation": "network_rotation",
        "first hidden layer, FGSM": "network_hidden_1",
        "last hidden layer, FGSM": "network_hidden_2",
    }
    scores = _scores(study, list(names.values()))
    results = [
        result(f"{column} %, {what}", None, scores[name][key])
        for what, name in names.items()
        for column, key in (
            ("clean error", "clean"),
            ("error under FGSM", "error"),
        )
    ]
    return Outcome(results)


def on_rubbish(study):
    """Row 19: noise as training images of no class."""
    names = ["network", "network_rubbish"]
    plain, trained = _scores(study, names).values()
    noise, called = draw(study), {name: [] for name in names}
    for seed in study.config.control_seeds:
        models = {name: study.model(name, seed) for name in names}
        for row in evaluation.rubbish(models, noise, batch_size=1000):
            called[row["model"]].append(row["called_a_class"])
    return Outcome(
        [
            result(
                "rubbish called a class %, trained on it",
                0.0,
                called["network_rubbish"],
            ),
            result("the same, plain", None, called["network"]),
            result("clean error %, trained on it", None, trained["clean"]),
            result("clean error %, plain", None, plain["clean"]),
            result("error % under FGSM, trained on it", None, trained["error"]),
        ]
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
