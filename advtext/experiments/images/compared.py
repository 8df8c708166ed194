"""Rows 13 to 15 and 20: networks beside each other, and looked into."""

import functools

import numpy as np

from advtext import evaluation
from advtext.experiments.images.outcome import Outcome, result

# Inputs whose logits are followed along the gradient.
_TRACED = 50


def agreement(study):
    """Row 13: whether shallow networks make the deep network's mistakes."""
    names = ["network", "softmax", "rbf"]
    models = {name: study.model(name) for name in names}
    y = study.of("network")[1]
    examples = study.examples("network")
    rows = evaluation.agreement(models, examples, y, batch_size=1000)
    pairs = {(row["model"], row["other"]): row for row in rows}
    results = []
    for name, same, both in (("softmax", 54.6, 84.6), ("rbf", 16.0, 54.3)):
        row = pairs["network", name]
        results += [
            result(f"network's mistakes shared by {name} %", same, row["same"]),
            result(
                f"the same where {name} errs too %",
                both,
                row["same_mistaken_both"],
            ),
        ]
    row = pairs["softmax", "rbf"]
    results.append(
        result(
            "RBF agrees with softmax where both err %",
            53.6,
            row["same_mistaken_both"],
        )
    )
    plot = functools.partial(evaluation.plot_agreement, rows)
    return Outcome(
        results,
        {"On FGSM examples of the deep network": rows},
        {"agreement.png": plot},
    )


def trace(study):
    """Row 14: logits against epsilon, along the sign of the gradient."""
    x, y = study.of("network")
    model, loss = study.model("network"), study.loss("network")
    wrong, linear, drawn = [], [], None
    for image, label in zip(x[:_TRACED], y[:_TRACED], strict=True):
        rows, inputs = evaluation.epsilon_trace(model, image, label, loss=loss)
        if drawn is None:
            drawn = rows, inputs
        wrong.append(
            100 * np.mean([r["prediction"] != r["label"] for r in rows])
        )
        linear.append(_linearity(rows))
    rows, inputs = drawn
    plot = functools.partial(evaluation.plot_epsilon_trace, rows, inputs=inputs)
    note = (
        f"{len(wrong)} test images, 201 epsilons from -10 to 10. The fit is of "
        "one straight line to each logit for epsilon from 1 to 10; the figure "
        "shows the first image."
    )
    results = [
        result("epsilons with a wrong class %", None, float(np.mean(wrong))),
        result("R2 of a straight line, mean", None, float(np.mean(linear))),
    ]
    return Outcome(results, {}, {"epsilon_trace.png": plot}, [note])


def _linearity(rows):
    """Returns how well straight lines fit the logits, the mean R2."""
    rows = [row for row in rows if row["epsilon"] >= 1]
    names = [name for name in rows[0] if name.startswith("logit_")]
    epsilons = np.array([row["epsilon"] for row in rows])
    logits = np.array([[row[name] for name in names] for row in rows])
    moving = [logit for logit in logits.T if np.ptp(logit) > 0]
    # One that does not move is on a line.
    fits = [np.corrcoef(epsilons, logit)[0, 1] ** 2 for logit in moving]
    return np.mean(fits + [1.0] * (len(names) - len(moving)))


def ensemble(study):
    """Row 15: an ensemble, attacked as a whole and through one member."""
    size = study.config.ensemble_size
    models = {
        f"member {seed}": study.model("network", seed) for seed in range(size)
    }
    x, y = study.of("network")
    rows = evaluation.ensemble(
        models, study.fast_gradient("network"), x, y, batch_size=500
    )
    errors = {(row["source"], row["target"]): row["error"] for row in rows}
    member = next(iter(models))
    whole = "ensemble"
    results = [
        result("error % attacked as a whole", 91.1, errors[whole, whole]),
        result("error % attacked through one", 87.9, errors[member, whole]),
        result("that member's own error %", None, errors[member, member]),
        result("clean error %, ensemble", None, errors["clean", whole]),
        result("clean error %, member", None, errors["clean", member]),
    ]
    return Outcome(
        results,
        {f"An ensemble of {size} networks under FGSM": rows},
        {"ensemble.png": functools.partial(evaluation.plot_ensemble, rows)},
    )


def filters(study):
    """Row 20: the first layer's weights, plain and adversarially trained."""
    kernels = {
        title: np.asarray(_first_kernel(study.model(name)))
        for title, name in (
            ("plain", "network"),
            ("adversarially trained", "network_adversarial"),
        )
    }
    shape = study.images["train"].images.shape[1:]
    if study.config.network == "convolutional_maxout":
        shape = next(iter(kernels.values())).shape[:-1]
    plot = functools.partial(
        evaluation.plot_filters,
        kernels,
        shape,
        number=50,
        num_pieces=study.config.num_pieces,
    )
    results = [
        result(f"pixels that a filter looks at %, {title}", None, _area(kernel))
        for title, kernel in kernels.items()
    ]
    note = (
        "Pixels that a filter looks at: sum(w^2)^2 / sum(w^4), as a share of "
        "all; fewer are more localized."
    )
    return Outcome(results, {}, {"filters.png": plot}, [note])


def _first_kernel(model):
    return next(w for w in model.weights if w.name == "kernel")


def _area(kernel):
    energy = kernel.reshape(-1, kernel.shape[-1]) ** 2
    areas = energy.sum(axis=0) ** 2 / (energy**2).sum(axis=0)
    return float(100 * areas.mean() / len(energy))
