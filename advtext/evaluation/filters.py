import math

import numpy as np

from advtext.arguments import check_count, check_counts
from advtext.attacks.arguments import as_array
from advtext.evaluation.figure import entitle, new_figure, save
from advtext.evaluation.pictures import check_images, grid_shape, show
from advtext.quoting import quoted


def plot_filters(
    kernels, image_shape, path, number=100, columns=None, num_pieces=1
):
    """Draws the weights of a first layer as images, in a grid.

    Every filter is drawn over its own symmetric range: 0 is white, or grey
    where there are three channels.

    Args:
        kernels: Array `(inputs, ...)` or `(height, width, channels, ...)`, or a
            dict from title to such arrays, drawn side by side. A filter is
            what stands at one place of the later axes.
        image_shape: `(height, width, channels)` of a filter.
        path: The PNG to write.
        number: Filters that are drawn, at most.
        columns: Filters in a row; by default the grid is about a square.
        num_pieces: Filters of a unit of the `Maxout` that follows: they are
            drawn next to each other, whole units in a row.

    Raises:
        ValueError: If a kernel does not fit `image_shape`.

    Reference:
        - [Goodfellow et al., 2015](https://arxiv.org/abs/1412.6572), figure 3
    """
    check_count("number", number)
    image_shape = check_counts("image_shape", image_shape)
    check_count("num_pieces", num_pieces)
    if not isinstance(kernels, dict):
        kernels = {"": kernels}
    filters = {
        title: _filters(kernel, image_shape, num_pieces)[:number]
        for title, kernel in kernels.items()
    }
    shape = grid_shape(max(map(len, filters.values())), columns, num_pieces)
    figure = new_figure(
        0.55 * shape[1] * len(filters),
        0.55 * shape[0] + 0.4,
    )
    width = figure.get_figwidth() / len(filters)
    parts = figure.subfigures(1, len(filters), squeeze=False)[0]
    for part, (title, images) in zip(parts, filters.items(), strict=True):
        entitle(part, title or "filters of the first layer", width)
        panels = part.subplots(*shape, squeeze=False).ravel()
        for axes in panels:
            axes.set_axis_off()
        for axes, image in zip(panels, images, strict=False):
            show(axes, image, cmap="RdBu_r")
    save(figure, path)


def _filters(kernel, image_shape, num_pieces):
    """Returns filters as images in [0, 1], a weight of 0 at a half."""
    kernel = as_array("kernels", kernel)
    if not kernel.ndim or not kernel.size or kernel.dtype.kind not in "biuf":
        raise ValueError(
            "`kernels` must be an array of numbers, or a dict of them. "
            f"Received: {kernel.dtype}, shape {kernel.shape}."
        )
    kernel = kernel.astype("float64")
    size = math.prod(image_shape)
    if kernel.size % size or not (
        kernel.shape[0] == size
        or kernel.shape[: len(image_shape)] == tuple(image_shape)
    ):
        raise ValueError(
            f"A kernel of shape {kernel.shape} does not fit images of shape "
            f"{tuple(image_shape)}."
        )
    if kernel.size // size % num_pieces:
        raise ValueError(
            f"{kernel.size // size} filters are no whole number of units with "
            f"num_pieces={quoted(num_pieces)} each."
        )
    # Piece p of unit u is feature p * units + u.
    filters = kernel.reshape(size, num_pieces, -1).transpose(2, 1, 0)
    filters = check_images(filters.reshape(-1, *image_shape))
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    return 0.5 + 0.5 * filters / np.where(largest > 0, largest, 1.0)
