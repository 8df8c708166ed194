from advtext.evaluation.arguments import (
    check_labels,
    check_models,
    check_rows,
    check_same_length,
)
from advtext.evaluation.figure import entitle, heat_map, heat_map_figure, save
from advtext.evaluation.percent import percent
from advtext.evaluation.predictions import predict_logits, predicted


def agreement(models, x, y, batch_size=500):
    """Measures whether models that err name the same wrong class.

    Args:
        models: Dict from name to model (Keras, or function giving logits).
        x: Float array `(number, ...)`, such as adversarial examples.
        y: Labels, `(number,)` integers or one-hot.
        batch_size: Inputs at a time.

    Returns:
        A row for every model and every `other`: the number of the model's
        `mistakes`, and how many of them get the `same` class from the other,
        in percent; the mistakes of both, `mistaken_both`, and how many of them
        get the same class, `same_mistaken_both`, in percent.

    Raises:
        TypeError: If `models` is no dict.
        ValueError: If an argument is wrong, or a model gives probabilities.

    Example:

    >>> import numpy as np
    >>> from advtext.evaluation import agreement
    >>> x = np.array([[0.0, 2.0, 1.0], [0.0, 1.0, 2.0]])
    >>> weights = np.array([[-1.0, 1.0, 0.9]])
    >>> models = {"a": lambda x: x, "b": lambda x: x * weights}
    >>> row = agreement(models, x, y=[0, 1])[1]
    >>> row["model"], row["other"], row["mistakes"], row["same"]
    ('a', 'b', 2, 100.0)

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), section 8
    """
    check_models(models)
    check_same_length(x, y)
    classes, wrong = {}, {}
    for name, model in models.items():
        logits = predict_logits(model, x, batch_size)
        labels = check_labels(y, len(logits), logits.shape[1])
        classes[name], _ = predicted(logits, "softmax")
        wrong[name] = classes[name] != labels
    rows = []
    for name in models:
        for other in models:
            same, both = classes[name] == classes[other], wrong[other]
            both = both & wrong[name]
            rows.append(
                {
                    "model": name,
                    "other": other,
                    "mistakes": int(wrong[name].sum()),
                    "same": percent(same[wrong[name]]),
                    "mistaken_both": int(both.sum()),
                    "same_mistaken_both": percent(same[both]),
                }
            )
    return rows


def plot_agreement(rows, path):
    """Draws two matrices: of all mistakes of a model, and of common ones.

    Args:
        rows: What `agreement` returned.
        path: The PNG to write.
    """
    check_rows(
        rows, ("model", "other", "same", "same_mistaken_both"), "agreement"
    )
    names = list(dict.fromkeys(row["model"] for row in rows))
    found = {(row["model"], row["other"]): row for row in rows}
    figure = heat_map_figure(names, names, panels=2)
    titles = {
        "same": "where the model errs",
        "same_mistaken_both": "where both err",
    }
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (key, title) in zip(panels, titles.items(), strict=True):
        values = [[found[a, b][key] for b in names] for a in names]
        heat_map(axes, values, names, names)
        axes.set(xlabel="other", title=title)
    panels[0].set_ylabel("model")
    entitle(figure, "predictions of the same class in %")
    save(figure, path)
