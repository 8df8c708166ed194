import itertools
import math

import numpy as np

from advtext.attacks import FastGradient
from advtext.attacks.arguments import as_array
from advtext.evaluation.arguments import (
    check_epsilons,
    check_labels,
    check_rows,
)
from advtext.evaluation.figure import (
    COLORS,
    MARKED,
    despine,
    entitle,
    legend_beside,
    line_style,
    new_figure,
    save,
)
from advtext.evaluation.pictures import check_images, in_range, show
from advtext.evaluation.predictions import (
    logits_function,
    predict_logits,
    predicted,
)


def epsilon_trace(model, x, y, epsilons=None, loss=None, batch_size=500):
    """Follows the logits of one input along the sign of its gradient.

    Args:
        model: Keras model, or function from inputs to logits.
        x: One input, a float array without an axis for the batch.
        y: Its class, an integer.
        epsilons: Where to look, `x + epsilon * sign(gradient)`; negative ones
            lower the loss. 201 from -10 to 10 by default. Nothing is clipped.
        loss: Function from labels and logits to losses; the cross-entropy by
            default.
        batch_size: Inputs at a time.

    Returns:
        A row for every epsilon: `epsilon`, `label` (which is `y`), `prediction`
        and `logit_0`, `logit_1`, ...; and the inputs, `(len(epsilons), ...)`.

    Raises:
        TypeError: If `x` does not hold floating-point numbers.
        ValueError: If an argument is wrong, the model gives probabilities, or
            its gradient is zero everywhere.

    Example:

    >>> import numpy as np
    >>> from advtext.evaluation import epsilon_trace
    >>> x = np.array([3.0, 1.0], "float32")
    >>> rows, inputs = epsilon_trace(lambda x: x, x, y=0, epsilons=[0, 2])
    >>> inputs.tolist()
    [[3.0, 1.0], [1.0, 3.0]]
    >>> [row["prediction"] for row in rows]
    [0, 1]

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), figure 4
    """
    if epsilons is None:
        epsilons = np.linspace(-10.0, 10.0, 201)
    epsilons = check_epsilons(epsilons, at_least=-math.inf)
    x = as_array("x", x)
    function = logits_function(model)
    (label,) = check_labels(
        [y], 1, predict_logits(model, x[None], batch_size).shape[1]
    )
    attack = FastGradient(1.0, "linf", loss=loss)
    moved = np.asarray(attack(function, x[None], [int(label)]))
    steps = np.reshape(epsilons, (-1,) + (1,) * x.ndim).astype(x.dtype)
    inputs = x + steps * np.sign(moved - x)
    logits = predict_logits(model, inputs, batch_size)
    rows = [
        {"epsilon": epsilon, "label": int(label), "prediction": int(prediction)}
        | {f"logit_{k}": float(v) for k, v in enumerate(values)}
        for epsilon, prediction, values in zip(
            epsilons, predicted(logits, "softmax")[0], logits, strict=True
        )
    ]
    return rows, inputs


def plot_epsilon_trace(rows, path, inputs=None, class_names=None):
    """Draws a line for each class, and inputs along them underneath.

    Args:
        rows: What `epsilon_trace` returned, or its rows alone.
        path: The PNG to write.
        inputs: The inputs that it returned; shown if they are images.
        class_names: Names of the classes; their numbers by default.

    Raises:
        ValueError: If the inputs are no images.
    """
    if isinstance(rows, tuple):
        rows, found = rows
        # Other inputs than images are no error here: nobody asked for them.
        images = found.ndim == 3 or found.shape[3:] in ((1,), (3,))
        inputs = found if inputs is None and images else inputs
    check_rows(rows, ("epsilon", "label", "logit_0"), "epsilon_trace")
    number = sum(key.startswith("logit_") for key in rows[0])
    epsilons = [row["epsilon"] for row in rows]
    figure = new_figure(6.8, 3.8 if inputs is None else 4.9)
    above = figure
    if inputs is not None:
        above, below = figure.subfigures(2, 1, height_ratios=(4, 1))
        _show_inputs(below, rows, check_images(inputs))
    axes = above.add_subplot()
    # Where colours come again, lines are dashed otherwise.
    free = [color for color in COLORS if color != MARKED]
    others = ((c, line_style(n)) for n in itertools.count() for c in free)
    for k in range(number):
        right = number > 1 and k == rows[0]["label"]
        name = str(k if class_names is None else class_names[k])
        color, dashes = (MARKED, "-") if right else next(others)
        axes.plot(
            epsilons,
            [row[f"logit_{k}"] for row in rows],
            color=color,
            linestyle=dashes,
            linewidth=3.0 if right else 1.2,
            label=f"{name} (correct)" if right else name,
        )
    axes.set(xlabel="epsilon", ylabel="logit", xlim=(epsilons[0], epsilons[-1]))
    axes.grid(alpha=0.3)
    legend_beside(axes)
    entitle(figure, "logits along one perturbation")
    despine(axes)
    save(figure, path)


def _show_inputs(figure, rows, images):
    """Draws at most eleven inputs, each over its own range."""
    chosen = np.linspace(0, len(rows) - 1, min(11, len(rows))).astype(int)
    for axes, k in zip(figure.subplots(1, len(chosen)), chosen, strict=True):
        image, row = images[k], rows[k]
        show(
            axes,
            in_range(image, image.min(), image.max()),
            row["prediction"] == row["label"],
        )
        axes.set_title(f"{row['epsilon']:g}", fontsize=8)
    figure.supxlabel(
        "inputs at these epsilons; framed: classified correctly", fontsize=9
    )
