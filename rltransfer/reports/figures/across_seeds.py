"""Return and gap on every target for all seeds together.

Notation
    S, M   numbers of seeds, targets
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rltransfer.contexts import ContextSpace
from rltransfer.reports.figures.context_axes import along_x
from rltransfer.reports.figures.maps import draw_map, draw_profile, gap_colors, show_used
from rltransfer.reports.figures.style import (
    GREY,
    INK,
    LIGHT,
    SEQUENTIAL,
    panels,
    plain_numbers,
    styled,
)
from rltransfer.transfer import GapReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["across_seeds_figure"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Quantity:
    """What one row of panels shows.

    Attributes:
        name: the axis label.
        values: of every seed on every target, shape (S, M).
        level: a value worth a horizontal line.
        look: properties of its map.
    """

    name: str
    values: Array
    level: float
    look: dict[str, Any]

    @property
    def mean(self) -> Array:
        """The mean over the seeds that know it, shape (M,), or NaN."""
        known = ~np.isnan(self.values)
        total = np.where(known, self.values, 0.0).sum(axis=0)
        return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


@styled
def across_seeds_figure(reports: Sequence[GapReport], threshold: float) -> Figure:
    """Draw the mean over seeds, and each seed faintly.

    Args:
        reports: the gaps of each seed after the same round.
        threshold: the return from which on a target counts as covered.
    """
    space = reports[0].space
    X = space.to_array(reports[0].targets)
    gap = np.array([report.gap for report in reports])
    quantities = (
        Quantity("return", np.array([r.reached for r in reports]), threshold, {"cmap": SEQUENTIAL}),
        Quantity("gap ΔJ", gap, 0.0, gap_colors(gap)),
    )
    draw = {1: lines, 2: mean_maps}.get(len(space), mean_profiles)
    return draw(space, X, quantities)


def lines(space: ContextSpace, X: Array, quantities: Sequence[Quantity]) -> Figure:
    """Draw each quantity along the one feature."""
    (feature,) = space
    figure = Figure(figsize=(7.2, 5.0))
    for ax, quantity in zip(figure.subplots(2, 1, sharex=True), quantities, strict=True):
        ax.axhline(quantity.level, color=GREY, linewidth=0.8, linestyle=":")
        for values in quantity.values:
            ax.plot(X[:, 0], values, color=LIGHT, linewidth=1.2)
        ax.plot(X[:, 0], quantity.mean, color=INK, linewidth=2.2)
        along_x(ax, feature, len(X))
        finish(ax, quantity.name)
        ax.label_outer()
    return figure


def mean_maps(space: ContextSpace, X: Array, quantities: Sequence[Quantity]) -> Figure:
    """Draw a map of each quantity's mean over two features."""
    figure, axes = panels(2, 2, (3.7, 3.0))
    for ax, quantity in zip(axes, quantities, strict=True):
        mesh = draw_map(ax, space, X, quantity.mean, **quantity.look)
        ax.set_title(f"{quantity.name}, mean over seeds")
        show_used(figure.colorbar(mesh, ax=ax), quantity.mean)
    return figure


def mean_profiles(space: ContextSpace, X: Array, quantities: Sequence[Quantity]) -> Figure:
    """Draw each quantity's mean over seeds along each of many features."""
    d = len(space)
    figure, axes = panels(2 * d, d, (7.4 / d if d < 4 else 2.3, 2.4))
    cells = [(quantity, j) for quantity in quantities for j in range(d)]
    for ax, (quantity, j) in zip(axes, cells, strict=True):
        draw_profile(ax, space.features[j], X[:, j], quantity.mean, color=INK, linewidth=2)
        ax.axhline(quantity.level, color=GREY, linewidth=0.8, linestyle=":")
        finish(ax, "" if j else quantity.name)
    return figure


def finish(ax: Axes, name: str) -> None:
    """Label a panel's y axis."""
    ax.set_ylabel(name)
    plain_numbers(ax)
