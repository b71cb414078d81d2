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

MOST_TICKS = 7


def along_x(ax: Axes, feature: ContextFeature, n: int) -> None:
    """Lay a feature with n grid points along the x axis."""
    ax.set_xscale(str(feature.scale))
    at = ticks(feature)
    ax.set_xticks(at, labels=[number(value) for value in at])
    ax.minorticks_off()
    ax.set_xlabel(feature_label(feature))
    edges = cell_edges(feature, n)
    ax.set_xlim(edges[0], edges[-1])


def along_y(ax: Axes, feature: ContextFeature, n: int) -> None:
    """Lay a feature with n grid points along the y axis."""
    ax.set_yscale(str(feature.scale))
    at = ticks(feature)
    ax.set_yticks(at, labels=[number(value) for value in at])
    ax.minorticks_off()
    ax.set_ylabel(feature_label(feature))
    edges = cell_edges(feature, n)
    ax.set_ylim(edges[0], edges[-1])


def ticks(feature: ContextFeature) -> NDArray[np.float64]:
    """Return round values inside the feature's range, seven at most."""
    if feature.scale is Scale.LINEAR:
        at = MaxNLocator(MOST_TICKS - 1, steps=[1, 2, 5, 10]).tick_values(feature.low, feature.high)
    else:
        decades = 10.0 ** np.arange(np.floor(np.log10(feature.low)), np.log10(feature.high) + 1)
        at = np.outer(decades, [1, 2, 5]).ravel()
        if inside(at, feature).sum() > MOST_TICKS:
            at = decades
    return at[inside(at, feature)]


def inside(values: NDArray[np.float64], feature: ContextFeature) -> NDArray[np.bool_]:
    """Say which values lie in the feature's range, up to rounding."""
    slack = 1e-9 * (feature.high - feature.low)
    return (values >= feature.low - slack) & (values <= feature.high + slack)


def cell_edges(feature: ContextFeature, n: int) -> NDArray[np.float64]:
    """Return the n + 1 edges of the cells around n grid points; the outer ones stick out."""
    u = (np.arange(n + 1) - 0.5) / (n - 1)
    if feature.scale is Scale.LOG:
        return np.asarray(feature.low * (feature.high / feature.low) ** u)
    return np.asarray(feature.low + u * (feature.high - feature.low))
