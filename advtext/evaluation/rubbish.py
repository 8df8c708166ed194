import numpy as np

from advtext.evaluation.arguments import (
    check_models,
    check_rows,
    check_threshold,
)
from advtext.evaluation.figure import COLORS, despine, entitle, new_figure, save
from advtext.evaluation.percent import percent
from advtext.evaluation.pictures import check_images, grid_shape, in_range, show
from advtext.evaluation.predictions import predict


def rubbish(models, x, threshold=0.5, probabilities="softmax", batch_size=500):
    """Measures how often models see a class where there is none.

    Args:
        models: Dict from name to model (Keras, or function giving logits).
        x: Float array `(number, ...)` of rubbish, such as draws from N(0, I).
        threshold: Probability above which a class counts as seen, in [0, 1).
        probabilities: `"softmax"`, `"sigmoid"`, or a dict from name to one.
        batch_size: Inputs at a time.

    Returns:
        A row for every model: `model`, and in percent `called_a_class` and the
        mean `confidence` where it is (`None` where it never is); `number`.

    Raises:
        TypeError: If `models` is no dict.
        ValueError: If an argument is wrong, or a model gives probabilities.

    Example:

    >>> import numpy as np
    >>> from advtext.evaluation import rubbish
    >>> x = np.log([[1.0, 3.0, 1.0], [1.0, 1.0, 1.0]])
    >>> row = rubbish({"softmax": lambda x: x}, x)[0]
    >>> row["called_a_class"], round(row["confidence"], 2)
    (50.0, 60.0)

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), appendix A
    """
    probabilities = check_models(models, probabilities)
    check_threshold(threshold)
    rows = []
    for name, model in models.items():
        _, confidences = predict(model, x, probabilities[name], batch_size)
        called = confidences > threshold
        rows.append(
            {
                "model": name,
                "called_a_class": percent(called),
                "confidence": percent(confidences[called]),
                "number": len(called),
            }
        )
    return rows


def plot_rubbish(rows, path):
    """Draws how often a class is seen, and how surely, as bars.

    Args:
        rows: What `rubbish` returned.
        path: The PNG to write.
    """
    check_rows(rows, ("model", "called_a_class", "confidence"), "rubbish")
    figure = new_figure(6, 1.6 + 0.65 * len(rows))
    axes = figure.add_subplot()
    places = np.arange(len(rows))
    bars = {"called_a_class": "called a class", "confidence": "confidence"}
    for number, (key, label) in enumerate(bars.items()):
        values = [row[key] for row in rows]
        drawn = axes.barh(
            places + 0.38 * (number - 0.5),
            [value or 0.0 for value in values],
            0.36,
            color=COLORS[number],
            label=label,
        )
        texts = ["-" if value is None else f"{value:.1f}" for value in values]
        axes.bar_label(drawn, texts, padding=3, fontsize=8)
    axes.set_yticks(places, [row["model"] for row in rows])
    axes.invert_yaxis()
    axes.set(xlabel="%", xlim=(0, 108))
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    despine(axes)
    entitle(figure, "rubbish images")
    save(figure, path)


def plot_images(images, path, marked=None, columns=None, title=""):
    """Draws images in a grid, all over one range of values.

    Args:
        images: Float array `(number, height, width)`, or with 1 or 3 channels.
        path: The PNG to write.
        marked: Optional booleans `(number,)`: which to frame.
        columns: Images in a row; by default the grid is about a square.
        title: What they are; by default what `marked` asks for.

    Raises:
        ValueError: If the images are of another shape.
    """
    images = check_images(images)
    marked = np.zeros(len(images), bool) if marked is None else marked
    shape = grid_shape(len(images), columns)
    figure = new_figure(max(1.8, 0.9 * shape[1]), 0.9 * shape[0] + 0.4)
    entitle(figure, title or "images" + ", some marked" * bool(np.any(marked)))
    shown = in_range(images, *np.percentile(images, (1, 99)))
    panels = figure.subplots(*shape, squeeze=False).ravel()
    for axes in panels[len(images) :]:
        axes.set_axis_off()
    for axes, image, frame in zip(panels, shown, marked, strict=False):
        show(axes, image, bool(frame))
    save(figure, path)
