"""Axes along a context feature: on its scale, in its unit, with plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from rltransfer.contexts import ContextFeature, Scale
from rltransfer.reports.words import feature_label, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["along_x", "along_y", "cell_edges", "ticks"]

INCHES_PER_TICK = 0.45
MOST_TICKS = 8
MANTISSAS = ((1, 2, 5), (1, 3), (1,))
"""Which ticks a decade may have, the most welcome first."""


def along_x(ax: Axes, feature: ContextFeature, n: int) -> None:
    """Lay a feature with n grid points along the x axis."""
    ax.set_xscale(str(feature.scale))
    at = ticks(feature, room(ax))
    ax.set_xticks(at, labels=[number(value) for value in at])
    ax.minorticks_off()
    ax.set_xlabel(feature_label(feature))
    edges = cell_edges(feature, n)
    ax.set_xlim(edges[0], edges[-1])


def along_y(ax: Axes, feature: ContextFeature, n: int) -> None:
    """Lay a feature with n grid points along the y axis."""
    ax.set_yscale(str(feature.scale))
    at = ticks(feature, MOST_TICKS)
    ax.set_yticks(at, labels=[number(value) for value in at])
    ax.minorticks_off()
    ax.set_ylabel(feature_label(feature))
    edges = cell_edges(feature, n)
    ax.set_ylim(edges[0], edges[-1])


def room(ax: Axes) -> int:
    """Return how many tick labels fit side by side under a panel."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    width = figure.get_size_inches()[0] * ax.get_position().width
    return min(MOST_TICKS, max(3, int(width / INCHES_PER_TICK)))


def ticks(feature: ContextFeature, most: int) -> NDArray[np.float64]:
    """Return round values inside the feature's range, `most` at most where that leaves any."""
    if feature.scale is Scale.LINEAR:
        even = MaxNLocator(most - 1, steps=[1, 2, 5, 10]).tick_values(feature.low, feature.high)
        return inside(np.asarray(even), feature)
    decades = 10.0 ** np.arange(np.floor(np.log10(feature.low)), np.log10(feature.high) + 1)
    for mantissas in MANTISSAS:
        at = inside(np.outer(decades, mantissas).ravel(), feature)
        if len(at) <= most:
            break
    return at


def inside(values: NDArray[np.float64], feature: ContextFeature) -> NDArray[np.float64]:
    """Return those values that lie in the feature's range, up to rounding."""
    slack = 1e-9 * (feature.high - feature.low)
    return values[(values >= feature.low - slack) & (values <= feature.high + slack)]


def cell_edges(feature: ContextFeature, n: int) -> NDArray[np.float64]:
    """Return the n + 1 edges of the cells around n grid points; the outer ones stick out."""
    u = (np.arange(n + 1) - 0.5) / (n - 1)
    if feature.scale is Scale.LOG:
        return np.asarray(feature.low * (feature.high / feature.low) ** u)
    return np.asarray(feature.low + u * (feature.high - feature.low))
