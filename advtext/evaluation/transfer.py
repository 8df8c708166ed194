from advtext.evaluation.arguments import (
    check_attack,
    check_known,
    check_models,
    check_named,
    check_rows,
)
from advtext.evaluation.figure import heat_map, heat_map_figure, save
from advtext.evaluation.scores import score

CLEAN = "clean"


def transfer(models, attack, x, y, probabilities="softmax", batch_size=500):
    """Measures what examples made on one model do to the others.

    Args:
        models: Dict from name to model (Keras, or function giving logits).
        attack: `Attack`, with its own epsilon; or a dict from name to attack,
            of the models to attack.
        x: Clean float array `(number, ...)`.
        y: Labels, `(number,)` integers or one-hot.
        probabilities: `"softmax"`, `"sigmoid"`, or a dict from name to one.
        batch_size: Inputs at a time.

    Returns:
        A row for every source and target: `source` (`"clean"`: not attacked),
        `target`, and in percent `error` and `confidence_on_errors`.

    Raises:
        TypeError: If `models` is no dict, or `x` cannot be perturbed.
        ValueError: If an argument is wrong, or a model gives probabilities.

    Example:

    >>> import numpy as np
    >>> from advtext.attacks import FastGradient
    >>> from advtext.evaluation import transfer
    >>> models = {
    ...     "first": lambda x: x[:, :1],
    ...     "sum": lambda x: x[:, :1] + x[:, 1:],
    ... }
    >>> x, y = np.array([[1.0, 1.0], [-1.0, -1.0]], "float32"), [1, 0]
    >>> rows = transfer(models, FastGradient(2.5, norm="l2"), x, y)
    >>> [(row["source"], row["target"], row["error"]) for row in rows[2:4]]
    [('first', 'first', 100.0), ('first', 'sum', 100.0)]

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), sections 6
          and 8
    """
    probabilities = check_models(models, probabilities)
    attacks = _checked_attacks(models, attack)
    rows = []
    for source in (CLEAN, *attacks):
        moved = x
        if source != CLEAN:
            made_by, model = attacks[source], models[source]
            moved = made_by(model, x, y, batch_size=batch_size)
        for target, model in models.items():
            found = score(model, moved, y, probabilities[target], batch_size)
            rows.append(
                {
                    "source": source,
                    "target": target,
                    "error": found["error"],
                    "confidence_on_errors": found["confidence_on_errors"],
                }
            )
    return rows


def _checked_attacks(models, attack):
    """Returns a dict from name of a model to the attack on it."""
    if CLEAN in models:
        raise ValueError(
            f"No model may be named {CLEAN!r}: so the inputs that are not "
            "attacked are called."
        )
    attacks = attack
    if not isinstance(attack, dict):
        attacks = dict.fromkeys(models, attack)
    check_named("attack", attacks)
    check_known("attack", attacks, models)
    for each in attacks.values():
        check_attack(each)
    return attacks


def plot_transfer(rows, path):
    """Draws the errors as a matrix, sources down and targets across.

    Args:
        rows: What `transfer` returned.
        path: The PNG to write.
    """
    check_rows(rows, ("source", "target", "error"), "transfer")
    sources = list(dict.fromkeys(row["source"] for row in rows))
    targets = list(dict.fromkeys(row["target"] for row in rows))
    errors = {(row["source"], row["target"]): row["error"] for row in rows}
    figure = heat_map_figure(sources, targets)
    axes = figure.add_subplot()
    values = [[errors[s, t] for t in targets] for s in sources]
    heat_map(axes, values, sources, targets)
    axes.set(xlabel="evaluated on", ylabel="made on", title="error in %")
    save(figure, path)
