"""Fools a network that was trained on ImageNet, with one photo."""

import numpy as np
from keras import ops

from advtext.arguments import check_count, check_length
from advtext.atomic_file import atomic_file
from advtext.attacks import ProjectedGradientDescent
from advtext.data.image_file import load_image_file
from advtext.data.imagenet_classes import beside, load_imagenet_classes
from advtext.evaluation.figure import can_draw
from advtext.experiments import fool_imagenet_figure, run_start
from advtext.experiments.attack_walk import walk
from advtext.experiments.imagenet_prediction import (
    fast_gradient_row,
    seen,
    told,
)
from advtext.experiments.run_directory import RunDirectory, naming
from advtext.losses import cross_entropy
from advtext.models.imagenet import imagenet_classifier
from advtext.quoting import printable

_FILES = ("metrics.json", "images.npz", "figure.png")


def run(
    *,
    image,
    weights="imagenet",
    class_index=None,
    model="MobileNetV2",
    target="airliner",
    label=None,
    epsilon=2 / 255,
    num_steps=30,
    target_steps=100,
    step_size=None,
    input_size=None,
    run_dir="runs/fool_imagenet",
):
    """Fools a network, away from a photo's class and towards another.

    Sign steps of projected gradient ascent within `epsilon` of every pixel,
    first on loss(label), then on loss(label) - loss(target); before them one
    step of FGSM with epsilon 0.007. Prints what it finds. Every argument is
    a flag of `scripts/fool_imagenet.py`.

    Args:
        image: Path of a photo.
        weights: Path of the network's weights; `"imagenet"` downloads them.
        class_index: Path of the names of the classes; by default
            `imagenet_class_index.json` beside the weights or the photo, or
            else downloaded.
        model: Name of a model of `keras.applications`.
        target: Class to lead to: name, WordNet id or number.
        label: True class; by default what the network sees in the photo.
        epsilon: Greatest change of a pixel in [0, 1], more than 0.
        num_steps: Steps away from the label, at least 1.
        target_steps: Steps towards the target, at least 1.
        step_size: Change of a pixel in a step; `epsilon / 4` by default.
        input_size: Height and width in pixels; the model's by default.
        run_dir: Folder for `metrics.json`, `images.npz` (the photo `image`,
            `fooled` and `targeted`, `(height, width, 3)` in [0, 1]) and,
            with matplotlib, `figure.png`. Those of before are replaced.

    Returns:
        The content of `metrics.json`, a dict.

    Raises:
        FileNotFoundError: If a file is missing.
        OSError: If something cannot be downloaded, or written.
        ValueError: If an argument or a file is not what it should be.
    """
    epsilon, step_size = _checked_lengths(epsilon, step_size)
    away = _attack(epsilon, step_size, check_count("num_steps", num_steps))
    target_steps = check_count("target_steps", target_steps)
    directory = _opened(run_dir)
    # Whatever cannot be read is told before anything is downloaded.
    load_image_file(image, 1)
    network = imagenet_classifier(model, weights, input_size)
    classes = load_imagenet_classes(class_index or beside(weights, image))
    target = classes.index(target, "target")
    label = None if label is None else classes.index(label, "label")
    photo = load_image_file(image, network.input_shape[1:3])
    clean = _clean(network, photo, classes, label)
    label = clean["label_index"]
    case = network, photo, classes, label
    print(f"{image}: {model} sees {told(clean)}", flush=True)
    _check_target(target, label, classes)
    metrics = {"image": str(image), "model": model, "weights": str(weights)}
    metrics |= {"epsilon": epsilon, "step_size": step_size, "clean": clean}
    row = fast_gradient_row(*case)
    print(f"FGSM, epsilon {row['epsilon']:g}: {told(row['fooled'])}")
    metrics["fast_gradient"] = row
    images = {"image": photo}
    names = classes.names[label], classes.names[target]
    print(f"Away from {names[0]} ({_within(away)}):", flush=True)
    metrics["fooled"], images["fooled"] = _walked(away, *case)
    towards = _attack(epsilon, step_size, target_steps, _lead(target))
    print(f"From {names[0]} to {names[1]} ({_within(towards)}):", flush=True)
    metrics["targeted"], images["targeted"] = _walked(towards, *case)
    metrics["targeted"]["target"] = names[1]
    _write(directory, metrics, images)
    return metrics


def _checked_lengths(epsilon, step_size):
    """Returns both as floats, or raises `ValueError`."""
    epsilon = check_length("epsilon", epsilon)
    if not 0.0 < epsilon <= 1.0:
        raise ValueError(
            "`epsilon` must be more than 0 and at most 1, for pixels are from "
            f"0 to 1: 2 of 255 levels are 2/255. Received: epsilon={epsilon}."
        )
    if step_size is None:
        # On the photos tried, both walks end surest with steps of this size.
        return epsilon, epsilon / 4
    step_size = check_length("step_size", step_size)
    if not step_size:
        raise ValueError("`step_size` must be more than 0.")
    return epsilon, step_size


def _attack(epsilon, step_size, num_steps, loss=None):
    return ProjectedGradientDescent(
        epsilon, step_size, num_steps, value_range=(0.0, 1.0), loss=loss
    )


def _lead(target):
    """Returns the loss to raise on the way from a label to a target."""

    def loss(y, logits):
        wanted = ops.full_like(y, target)
        return cross_entropy(y, logits) - cross_entropy(wanted, logits)

    return loss


def _opened(run_dir):
    directory = RunDirectory(run_dir)
    with naming(f"`run_dir` {directory.path}"):
        directory.path.mkdir(parents=True, exist_ok=True)
    run_start.check_kind(directory, "fool_imagenet")
    run_start.refuse_others(directory)
    return directory


def _clean(network, photo, classes, label):
    logits = network(photo[None], training=False)
    if logits.shape[-1] != len(classes):
        raise ValueError(
            f"The network tells {logits.shape[-1]} classes apart, but "
            f"`class_index` names {len(classes)}. Give that of the network."
        )
    return seen(logits, classes, label)


def _check_target(target, label, classes):
    if target == label:
        raise ValueError(
            f"`target` is the label itself, {classes.names[label]!r}. Name "
            "another class to lead to."
        )


def _within(attack):
    return (
        f"epsilon {255 * attack.epsilon:g}/255, {attack.num_steps} steps of "
        f"{255 * attack.step_size:g}/255"
    )


def _walked(attack, network, photo, classes, label):
    """Returns what is seen after a walk, with the losses, and the image."""
    losses = []
    for reached in walk(attack, network, photo[None], [label]):
        step, _, _, loss = reached
        print(f"  step {step:3d}   loss {loss:9.4f}", flush=True)
        losses.append({"step": step, "loss": loss})
    _, examples, logits, _ = reached
    found = seen(logits, classes, label)
    print(f"  seen as {told(found)}")
    return {**found, "losses": losses}, np.asarray(examples[0])


def _write(directory, metrics, images):
    run_start.refuse_others(directory)
    with naming(directory.owned.manifest):
        directory.owned.begin("fool_imagenet", _FILES)
    directory.write_json("metrics.json", metrics)
    path = directory / "images.npz"
    with naming(path), atomic_file(path) as file:
        np.savez_compressed(file, **images)
    print(
        f"Outputs in {printable(directory.path)}: metrics.json, images.npz",
        end="",
    )
    if can_draw():
        fool_imagenet_figure.plot(directory / "figure.png", metrics, images)
        print(", figure.png")
    else:
        print("; a figure needs matplotlib: pip install 'advtext[plots]'")
