"""Arrays as pictures."""

import math

import numpy as np

from advtext.arguments import check_count
from advtext.attacks.arguments import as_array
from advtext.evaluation.figure import MARKED


def check_images(images):
    """Returns images as `(..., height, width, channels)`.

    Args:
        images: `(number, height, width)`, with channels or without; the axis
            `channels` holds 1 or 3 numbers.

    Raises:
        ValueError: If they are of another shape.
    """
    images = as_array("images", images)
    if images.dtype.kind not in "biuf" or not images.size:
        raise ValueError(
            "`images` must be an array of numbers, of at least one image. "
            f"Received: {images.dtype}, shape {images.shape}."
        )
    images = images.astype("float64")
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(
            "Images must be of shape (number, height, width) or (number, "
            "height, width, channels) with 1 or 3 channels. Received: shape "
            f"{images.shape}; reshape flat ones."
        )
    return images


def in_range(images, lowest, highest):
    """Returns images with `lowest` at 0 and `highest` at 1."""
    scale = np.maximum(np.subtract(highest, lowest), 1e-12)
    return np.clip((images - lowest) / scale, 0.0, 1.0)


def show(axes, image, frame=False, cmap="gray"):
    """Draws one image with values in [0, 1], framed or not."""
    if image.shape[-1] == 1:
        image = image[..., 0]
    axes.imshow(image, cmap, vmin=0.0, vmax=1.0, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(frame)
    if frame:
        axes.spines[:].set(color=MARKED, linewidth=2.5)


def grid_shape(number, columns=None, group=1):
    """Returns rows and columns of a grid, by default about a square.

    Args:
        number: Images.
        columns: Images in a row, or `None`.
        group: Images that stay together in a row, where `columns` is `None`.
    """
    if columns is not None:
        check_count("columns", columns)
    columns = columns or group * max(1, round(math.sqrt(number) / group))
    return math.ceil(number / columns), columns
