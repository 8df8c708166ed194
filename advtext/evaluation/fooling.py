import numpy as np
from keras import ops

from advtext.arguments import check_count
from advtext.attacks import FastGradient
from advtext.attacks.arguments import as_array
from advtext.evaluation.arguments import check_probabilities, check_threshold
from advtext.evaluation.figure import entitle, new_figure, save
from advtext.evaluation.percent import percent
from advtext.evaluation.pictures import check_images, in_range, show
from advtext.evaluation.predictions import predict, predict_logits
from advtext.losses import cross_entropy


def fooling(
    model,
    x,
    epsilon,
    threshold=0.5,
    probabilities="softmax",
    batch_size=500,
    keep=10,
):
    """Makes rubbish that a model takes for a class, in one step for each class.

    The step is `x + epsilon * sign(gradient of p(class))`, from noise `x`.

    Args:
        model: Keras model, or function from `x` to logits.
        x: Float array `(number, ...)` of noise, such as draws from N(0, I).
        epsilon: Change of every pixel, at least 0.
        threshold: The model is fooled if it predicts the class with a
            probability above this, in [0, 1).
        probabilities: How logits become probabilities: `"softmax"` or
            `"sigmoid"`.
        batch_size: Inputs at a time.
        keep: Images of each class that are returned.

    Returns:
        Three things. A row for every class, and last one for all (their mean):
        `class`, and in percent `success` and the mean `confidence` of what
        fooled the model (`None` where nothing did). The first images of each
        class, `(num_classes, keep, ...)`. Whether they fooled the model,
        `(num_classes, keep)`.

    Raises:
        TypeError: If `x` does not hold floating-point numbers.
        ValueError: If an argument is wrong, or the model gives probabilities.

    Example:

    >>> import numpy as np
    >>> from advtext.evaluation import fooling
    >>> x = np.zeros((4, 2), "float32")
    >>> rows, images, fooled = fooling(lambda x: 2.0 * x, x, epsilon=1.0)
    >>> [(row["class"], row["success"]) for row in rows]
    [(0, 100.0), (1, 100.0), ('mean', 100.0)]
    >>> images[1, 0].tolist()
    [-1.0, 1.0]

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), appendix A
    """
    check_probabilities(probabilities)
    check_threshold(threshold)
    check_count("keep", keep)
    num_logits = predict_logits(model, x[:1]).shape[1]
    loss = _against_unit if probabilities == "sigmoid" else cross_entropy
    attack = FastGradient(epsilon, "linf", targeted=True, loss=loss)
    rows, images, fooled = [], [], []
    successes, confidences = [], []
    for number in range(max(num_logits, 2)):
        y = np.full(len(x), number)
        found = np.asarray(attack(model, x, y, batch_size=batch_size))
        classes, sure = predict(model, found, probabilities, batch_size)
        success = (classes == number) & (sure > threshold)
        rows.append(_row(number, success, sure))
        images.append(found[:keep])
        fooled.append(success[:keep])
        successes.append(success)
        confidences.append(sure)
    rows.append(_row("mean", np.ravel(successes), np.ravel(confidences)))
    return rows, np.stack(images), np.stack(fooled)


def _row(name, success, confidences):
    return {
        "class": name,
        "success": percent(success),
        "confidence": percent(confidences[success]),
    }


def _against_unit(y, logits):
    """Returns the negative logit of a class, which is never flat.

    The sigmoid rises with it, so the sign of the gradient is the same.
    """
    if logits.shape[-1] == 1:
        return cross_entropy(y, logits)
    one_hot = ops.one_hot(y, logits.shape[-1], dtype=logits.dtype)
    return -ops.sum(one_hot * logits, axis=-1)


def plot_fooling(rows, images=None, fooled=None, path=None, class_names=None):
    """Draws the images, a row for each class, framed where they fooled.

    Args:
        rows: The rows that `fooling` returned; or all that it returned, and
            the path as second argument, without the next two.
        images: The images that it returned.
        fooled: Which of them fooled the model, as it returned.
        path: The PNG to write.
        class_names: Names of the classes; their numbers by default.

    Raises:
        ValueError: If the images are no images.
    """
    if isinstance(rows, tuple):
        path = images if path is None else path
        rows, images, fooled = rows
    images = as_array("images", images)
    if images.ndim < 4:
        raise ValueError(
            "`images` must be those that `fooling` returned, (number, keep, "
            f"height, width, ...). Received: shape {images.shape}."
        )
    number, keep = images.shape[:2]
    flat = check_images(np.reshape(images, (number * keep, *images.shape[2:])))
    shown = in_range(flat, *np.percentile(flat, (1, 99)))
    figure = new_figure(1.2 + 0.8 * keep, 0.8 * number + 0.6)
    panels = figure.subplots(number, keep, squeeze=False)
    for axes, image, frame in zip(
        panels.ravel(), shown, np.ravel(fooled), strict=True
    ):
        show(axes, image, bool(frame))
    for axes, row in zip(panels[:, 0], rows, strict=False):
        name = (
            row["class"] if class_names is None else class_names[row["class"]]
        )
        axes.set_ylabel(
            f"{name}\n{row['success']:.1f} %",
            rotation=0,
            ha="right",
            va="center",
        )
    figure.supxlabel("framed: fooled the model", fontsize=9)
    entitle(figure, "images made to be called a class")
    save(figure, path)
