"""V over the number of picks: selectors on one known matrix, between chance and the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from rltransfer.reports.figures.coverage import ORACLE, write_labels
from rltransfer.reports.figures.style import COLORS, GREY, INK, plain_numbers, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["selection_figure"]

Array = NDArray[np.float64]


@styled
def selection_figure(curves: Mapping[str, Array], random: Array, oracle: Array) -> Figure:
    """Draw V_k of every selector, k = 1 … K.

    Args:
        curves: by the selectors' names; one alone is drawn in ink.
        random: mean of random selection, shape (K,).
        oracle: the sequential oracle's, shape (K,).
    """
    figure = Figure(figsize=(7.2, 4.2))
    ax = figure.subplots()
    colors = [INK] if len(curves) == 1 else cycle(COLORS)
    widths = np.linspace(2.8, 1.2, len(curves))  # so that none hides behind another
    labels = [
        draw_line(ax, V, name, color, width)
        for (name, V), color, width in zip(curves.items(), colors, widths, strict=False)
    ]
    labels.append(draw_line(ax, random, "random, mean of 100", GREY, 1.0))
    labels.append(draw_line(ax, oracle, "oracle", ORACLE, 1.0))
    ax.set_xlim(0.8, len(random) + 0.2)
    ax.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    ax.set_xlabel("number of picked sources")
    ax.set_ylabel("V, mean return over all targets")
    plain_numbers(ax)
    write_labels(ax, labels)
    return figure


def draw_line(ax: Axes, V: Array, name: str, color: str, width: float) -> tuple[float, str, str]:
    """Draw one curve; return height, text and colour of its label."""
    ax.plot(np.arange(1.0, len(V) + 1), V, "o-", color=color, linewidth=width,
            markersize=2 + width)  # fmt: skip
    return float(V[-1]), name, color
