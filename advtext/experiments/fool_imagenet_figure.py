"""Draws a photo, the images that fool a network, and the perturbations."""

import numpy as np

from advtext.evaluation.figure import new_figure, save
from advtext.experiments.run_directory import naming

_MAGNIFIED = 50


def plot(path, metrics, images):
    """Draws all that `fool_imagenet.run` found into one figure.

    Above the photo and the two images that fool the network; below, how the
    losses rose, and either perturbation, magnified 50 times about grey.

    Needs matplotlib (`pip install 'advtext[plots]'`).

    Args:
        path: The PNG to write.
        metrics: What `fool_imagenet.run` returned.
        images: Dict of `image`, `fooled` and `targeted`, float arrays
            `(height, width, 3)` in [0, 1].
    """
    figure = new_figure(10.5, 7.6)
    axes = figure.subplots(2, 3)
    photo = images["image"]
    _draw_image(axes[0, 0], photo, f"photo: {_seen(metrics['clean'])}")
    _draw_losses(axes[1, 0], metrics)
    ways = {
        "fooled": f"away from {metrics['clean']['label']}",
        "targeted": f"towards {metrics['targeted']['target']}",
    }
    for (name, way), (above, below) in zip(
        ways.items(), axes.T[1:], strict=True
    ):
        title = f"{way}: {_seen(metrics[name])}"
        _draw_image(above, images[name], title)
        perturbation = images[name] - photo
        largest = 255 * np.abs(perturbation).max()
        _draw_image(
            below,
            np.clip(_MAGNIFIED * perturbation + 0.5, 0, 1),
            f"perturbation × {_MAGNIFIED}\n(at most {largest:.3g}/255)",
        )
    figure.suptitle(_headline(metrics))
    with naming(path):
        save(figure, path, dpi=150)


def _draw_image(axes, image, title):
    axes.imshow(image, interpolation="nearest")
    axes.set_title(title, fontsize=11)
    axes.axis("off")


def _seen(found):
    return f"seen as\n{found['class']}, probability {found['probability']:.4f}"


def _headline(metrics):
    return (
        f"{metrics['model']}, epsilon {255 * metrics['epsilon']:g}/255, steps "
        f"of {255 * metrics['step_size']:g}/255"
    )


def _draw_losses(axes, metrics):
    label, target = metrics["clean"]["label"], metrics["targeted"]["target"]
    curves = {
        "fooled": f"loss({label})",
        "targeted": f"loss({label}) − loss({target})",
    }
    for found, name in curves.items():
        losses = metrics[found]["losses"]
        steps = [row["step"] for row in losses]
        values = [row["loss"] for row in losses]
        axes.plot(steps, values, ".-", label=name)
    axes.set_xlabel("step")
    axes.set_title("the losses that the attacks raise", fontsize=11)
    axes.legend(frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_box_aspect(1)
