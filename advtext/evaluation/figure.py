"""How the plots look, and how they are written."""

import importlib.util
import textwrap

import numpy as np

from advtext.atomic_file import atomic_file
from advtext.quoting import quoted

# Told apart by the colour-blind, too (Okabe and Ito).
COLORS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
    "#999999",
    "#8C564B",
    "#6A3D9A",
)
MARKED = "#D55E00"


def can_draw():
    """Returns whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def new_figure(width, height):
    """Returns an empty figure, in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def entitle(figure, text, width=None):
    """Writes a title above a figure, in as many lines as it needs.

    Args:
        figure: A figure, or a part of one.
        text: The title.
        width: Of the figure, in inches; a part of one does not know its own.
    """
    if not isinstance(text, str):
        raise TypeError(f"A title must be a text. Received: {quoted(text)}.")
    letters = int(11 * (width or figure.get_figwidth()))
    figure.suptitle(textwrap.fill(text, max(letters, 8)), fontsize=10)


def line_style(number):
    """Returns dashes that no other number has."""
    few = "-", "--", ":", "-."
    return few[number] if number < 4 else (0, (3 * number, 3))


def grouped_bars(axes, bars, places, letters):
    """Draws a group of bars for each place, a colour for each name.

    Args:
        axes: Where to draw.
        bars: Dict from name to the heights of its bars, one a place.
        places: Names of the places.
        letters: That have room in a line beneath a place.
    """
    width = 0.8 / len(bars)
    for number, (name, heights) in enumerate(bars.items()):
        shift = (number - (len(bars) - 1) / 2) * width
        drawn = axes.bar(
            np.arange(len(heights)) + shift,
            heights,
            0.95 * width,
            color=COLORS[number % len(COLORS)],
            hatch=("", "//", "..", "xx")[number // len(COLORS) % 4],
            label=name,
        )
        axes.bar_label(drawn, fmt="%.1f", fontsize=8)
    names = [textwrap.fill(place, letters) for place in places]
    axes.set_xticks(range(len(places)), names)
    despine(axes)


def legend_beside(axes):
    """Names the lines of a plot to the right of it."""
    # Long enough to tell dashes from each other.
    axes.legend(
        frameon=False,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        handlelength=3.5,
    )


def legend_below(figure, names):
    """Names the bars of a plot beneath it, as many in a row as have room."""
    columns = int(figure.get_figwidth() / (0.7 + 0.09 * max(map(len, names))))
    figure.legend(
        loc="outside lower center", ncols=max(columns, 1), frameon=False
    )


def save(figure, path, dpi=200):
    """Writes a figure as PNG, whole or not at all."""
    with atomic_file(path) as file:
        figure.savefig(file, dpi=dpi, format="png")


def heat_map_figure(names, others, panels=1):
    """Returns an empty figure with room for heat maps side by side."""
    labels = 0.075 * max(map(len, names))
    turned = 0.05 * max(map(len, others))
    width = labels + panels * (0.75 * len(others) + 0.5) + 0.5
    return new_figure(width, 0.6 * len(names) + turned + 1.1)


def heat_map(axes, percentages, names, others):
    """Draws a matrix of percentages, each written into its field.

    Args:
        axes: Where to draw.
        percentages: `(len(names), len(others))`, from 0 to 100 or `None`.
        names: Of the rows.
        others: Of the columns.
    """
    values = np.array(percentages, "float64")
    # White lines part the fields.
    axes.pcolormesh(
        values, cmap="Blues", vmin=0, vmax=115, edgecolors="w", linewidth=2
    )
    axes.set_ylim(len(names), 0)
    for (row, column), value in np.ndenumerate(values):
        axes.text(
            column + 0.5,
            row + 0.5,
            "-" if np.isnan(value) else f"{value:.1f}",
            ha="center",
            va="center",
            color="white" if value > 65 else "black",
        )
    axes.set_xticks(
        np.arange(len(others)) + 0.5,
        others,
        rotation=35,
        ha="right",
        rotation_mode="anchor",
    )
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def despine(axes):
    """Leaves out the frame where it says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
