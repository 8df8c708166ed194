import itertools

import numpy as np

from advtext.evaluation.arguments import (
    check_attack,
    check_epsilons,
    check_named,
    check_rows,
)
from advtext.evaluation.figure import (
    COLORS,
    despine,
    entitle,
    legend_beside,
    line_style,
    new_figure,
    save,
)
from advtext.evaluation.scores import score


def robustness(
    model, attacks, x, y, epsilons, probabilities="softmax", batch_size=500
):
    """Measures how the accuracy falls as attacks may go further.

    Args:
        model: Keras model, or function from `x` to logits.
        attacks: Dict from name to `Attack`; their own `epsilon` does not count.
        x: Clean float array `(number, ...)`.
        y: Labels, `(number,)` integers or one-hot.
        epsilons: Lengths of the perturbation, at least 0, in the units of `x`
            and the norm of the attack. 0 is the clean input, unattacked.
        probabilities: How logits become probabilities: `"softmax"` or
            `"sigmoid"`.
        batch_size: Inputs at a time.

    Returns:
        A row for every attack and epsilon: `attack`, `epsilon`, and in percent
        `error`, `robust_accuracy` and `confidence_on_errors`.

    Raises:
        TypeError: If `attacks` is no dict, or `x` cannot be perturbed.
        ValueError: If an argument is wrong, or the model gives probabilities.

    Example:

    >>> import numpy as np
    >>> from advtext.attacks import FastGradient
    >>> from advtext.evaluation import robustness
    >>> x = np.array([[-3.0], [-1.0], [1.0], [3.0]], "float32")
    >>> attacks = {"FGSM": FastGradient(0.0, norm="linf")}
    >>> rows = robustness(lambda x: x, attacks, x, [0, 0, 1, 1], [0, 2, 4])
    >>> [row["robust_accuracy"] for row in rows]
    [100.0, 50.0, 0.0]

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 4
    """
    check_named("attacks", attacks)
    for attack in attacks.values():
        check_attack(attack)
    epsilons = check_epsilons(epsilons)
    clean = score(model, x, y, probabilities, batch_size)
    rows = []
    for name, attack in attacks.items():
        for epsilon in epsilons:
            found = clean
            if epsilon:
                moved = attack(
                    model, x, y, epsilon=epsilon, batch_size=batch_size
                )
                found = score(model, moved, y, probabilities, batch_size)
            rows.append(_row(name, epsilon, found))
    return rows


def _row(name, epsilon, found):
    return {
        "attack": name,
        "epsilon": epsilon,
        "error": found["error"],
        "robust_accuracy": 100.0 - found["error"],
        "confidence_on_errors": found["confidence_on_errors"],
    }


def plot_robustness(rows, path):
    """Draws the accuracy against epsilon, a line for each attack.

    Args:
        rows: What `robustness` returned. Rows of several models may be joined,
            each with the model's name under the key `model`.
        path: The PNG to write.
    """
    check_rows(rows, ("attack", "epsilon", "robust_accuracy"), "robustness")
    names = [f"{row.get('model', '')}, {row['attack']}" for row in rows]
    figure = new_figure(4.8 + 0.08 * max(map(len, names)), 3.6)
    axes = figure.add_subplot()
    # A colour for each attack, dashes for each model.
    attacks = list(dict.fromkeys(row["attack"] for row in rows))
    models = list(dict.fromkeys(row.get("model") for row in rows))
    for model, attack in itertools.product(models, attacks):
        points = sorted(
            (row["epsilon"], row["robust_accuracy"])
            for row in rows
            if (row.get("model"), row["attack"]) == (model, attack)
        )
        number = attacks.index(attack)
        if points:
            axes.plot(
                *np.transpose(points),
                linestyle=line_style(models.index(model)),
                marker="os^Dv"[(number + number // len(COLORS)) % 5],
                markersize=4,
                color=COLORS[number % len(COLORS)],
                label=", ".join(filter(None, (model, attack))),
            )
    axes.set(xlabel="epsilon", ylabel="accuracy in %", ylim=(-2, 102))
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.locator_params(axis="x", nbins=5)
    legend_beside(axes)
    entitle(figure, "accuracy under attack")
    despine(axes)
    save(figure, path)
