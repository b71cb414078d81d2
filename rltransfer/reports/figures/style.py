"""One look for all figures: colours, type, axes of context features.

Sources keep their colour in every figure of a run: the colour goes with the round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np
from matplotlib import colormaps, style
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from rltransfer.contexts import Context
from rltransfer.reports.words import number
from rltransfer.transfer import TransferMatrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

__all__ = [
    "GREY",
    "INK",
    "LIGHT",
    "SEQUENTIAL",
    "columns_for",
    "mark_source",
    "panels",
    "plain_numbers",
    "share_x_labels",
    "share_y_labels",
    "source_colors",
    "styled",
]

P = ParamSpec("P")
R = TypeVar("R")

INK, GREY, LIGHT = "#1f2933", "#6b7580", "#c9d0d6"
SEQUENTIAL = "viridis"
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9",
          "#332288", "#882255", "#999933", "#44aa99", "#aa4499", "#117733")  # fmt: skip
"""Okabe and Ito's colours (without yellow and black), then Tol's muted ones."""

BRIGHT = 0.5
"""Relative luminance from which on writing is dark."""

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "savefig.dpi": 150,
    "svg.hashsalt": "rltransfer",
    "svg.fonttype": "path",
}


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function draw, or save, in this style; the caller's settings are put back."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with style.context(["default", STYLE]):
            return function(*args, **kwargs)

    return inside


def columns_for(count: int) -> int:
    """Return how many panels stand side by side: three, but four are two by two."""
    return 2 if count == 4 else 3


def panels(count: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` panels of one size (inches), filled row by row."""
    columns = min(count, columns)
    rows = -(-count // columns)
    figure = Figure(figsize=(size[0] * columns, size[1] * rows))
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def share_y_labels(axes: list[Axes], columns: int) -> None:
    """Keep, of panels with the same y axis, the labels of the leftmost only."""
    for i, ax in enumerate(axes):
        if i % columns:
            ax.set_ylabel("")
            ax.tick_params(axis="y", labelleft=False)


def share_x_labels(axes: list[Axes], columns: int) -> None:
    """Keep, of panels with the same x axis, the labels of the lowest in each column only."""
    for ax in axes[: max(0, len(axes) - columns)]:
        ax.set_xlabel("")
        ax.tick_params(axis="x", labelbottom=False)


def source_colors(matrix: TransferMatrix) -> Mapping[Context, str]:
    """Return a colour for each trained source, by the round in which it was trained."""
    n = len(matrix.trained)
    shades = colormaps["turbo"](np.linspace(0.05, 0.95, n))
    colors = COLORS[:n] if n <= len(COLORS) else [to_hex(shade) for shade in shades]
    return {matrix.sources[i]: color for i, color in zip(matrix.trained, colors, strict=True)}


def mark_source(
    ax: Axes, x: float, y: float, label: str, color: str, coordinates: Transform | None = None
) -> None:
    """Draw a source as a disc with the number of its round, by default in data coordinates."""
    place = coordinates or ax.transData
    ax.plot([x], [y], "o", transform=place, markersize=11, color=color, markeredgecolor="white",
            markeredgewidth=1.2, zorder=6, clip_on=False)  # fmt: skip
    ax.annotate(label, (x, y), xycoords=place, color=ink_on(color), fontsize=7, fontweight="bold",
                ha="center", va="center_baseline", zorder=7, annotation_clip=False)  # fmt: skip


def ink_on(color: str) -> str:
    """Return the colour of writing that can be read on a colour."""
    red, green, blue = to_rgb(color)
    return "white" if 0.3 * red + 0.59 * green + 0.11 * blue < BRIGHT else INK


def plain_numbers(ax: Axes) -> None:
    """Write the returns on a panel's y axis without exponents or offsets."""
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
