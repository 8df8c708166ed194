"""What a network of ImageNet sees in a photo, and in the photo after FGSM."""

import numpy as np
from keras import ops

from advtext.attacks import FastGradient


def seen(logits, classes, label=None):
    """Returns what a network sees in one image.

    Args:
        logits: Its logits, `(1, num_classes)`.
        classes: `ImageNetClasses`.
        label: Number of the true class; by default what is seen.

    Returns:
        Dict with the name of the `class` seen, its number `index` and its
        `probability`; and of the true class `label`, `label_index` and
        `label_probability`.

    Example:

    >>> import numpy as np
    >>> from advtext.data.imagenet_classes import ImageNetClasses
    >>> from advtext.experiments.imagenet_prediction import seen, told
    >>> classes = ImageNetClasses(("hen", "hog"), ("n01514859", "n02395406"))
    >>> told(seen(np.log([[0.25, 0.75]]), classes, label=0))
    'hog, probability 0.7500 (hen 0.25)'
    """
    probabilities = np.asarray(ops.softmax(logits), "float64")[0]
    index = int(probabilities.argmax())
    label = index if label is None else label
    return {
        "class": classes.names[index],
        "index": index,
        "probability": float(probabilities[index]),
        "label": classes.names[label],
        "label_index": label,
        "label_probability": float(probabilities[label]),
    }


def told(found):
    """Returns what `seen` found in words."""
    words = f"{found['class']}, probability {found['probability']:.4f}"
    if found["index"] == found["label_index"]:
        return words
    return f"{words} ({found['label']} {found['label_probability']:.2g})"


def fast_gradient_row(model, image, classes, label=None, epsilon=0.007):
    """Attacks a photo by FGSM, as the paper does (its figure 1).

    There GoogLeNet sees a panda with probability 0.577, and with epsilon
    0.007 a gibbon with 0.993.

    Args:
        model: Keras model from images in [0, 1] to logits.
        image: float32 array `(height, width, 3)` in [0, 1].
        classes: `ImageNetClasses`.
        label: Number of the true class; by default what the model sees.
        epsilon: Change of every pixel, in [0, 1].

    Returns:
        Dict with `epsilon`, and what is seen before, `clean`, and after,
        `fooled`, as `seen` returns it.

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572)
    """
    x = image[None]
    clean = seen(model(x, training=False), classes, label)
    attack = FastGradient(epsilon, norm="linf", value_range=(0.0, 1.0))
    fooled = attack(model, x, [clean["label_index"]])
    logits = model(fooled, training=False)
    fooled = seen(logits, classes, clean["label_index"])
    return {"epsilon": attack.epsilon, "clean": clean, "fooled": fooled}
