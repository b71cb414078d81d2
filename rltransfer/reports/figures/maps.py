"""Quantities over the targets: a map over two features, profiles along more.

Notation
    M        targets, a full grid with n_j points along feature j, last feature fastest
    values   one number per target, shape (M,); NaN where it is not known, which is left blank
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.reports.figures.context_axes import along_x, along_y, cell_edges
from rltransfer.reports.figures.style import mark_source, source_colors
from rltransfer.transfer import TransferMatrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import QuadMesh
    from matplotlib.colorbar import Colorbar

__all__ = [
    "draw_borders",
    "draw_map",
    "draw_profile",
    "gap_colors",
    "grid_shape",
    "mark_sources",
    "means_along",
    "regret_colors",
    "show_used",
]

Array = NDArray[np.float64]


def grid_shape(space: ContextSpace, X: Array) -> tuple[int, ...]:
    """Return the number of grid points along each feature of contexts X (M, d)."""
    return tuple(len(np.unique(X[:, j])) for j in range(len(space)))


def draw_map(ax: Axes, space: ContextSpace, X: Array, values: Array, **color: Any) -> QuadMesh:
    """Draw values (M,) over a grid X (M, 2): first feature to the right, second upwards."""
    first, second = space
    n, m = grid_shape(space, X)
    x, y = cell_edges(first, n), cell_edges(second, m)
    mesh = ax.pcolormesh(x, y, values.reshape(n, m).T, rasterized=True, **color)
    along_x(ax, first, n)
    along_y(ax, second, m)
    return mesh


def gap_colors(gap: Array) -> dict[str, Any]:
    """Return the colours of a map of gaps: white is no gap, both directions weigh the same."""
    widest = float(np.nanmax(np.abs(gap))) or 1.0
    return {"cmap": "PuOr_r", "vmin": -widest, "vmax": widest}


def regret_colors(regret: Array) -> dict[str, Any]:
    """Return the colours of a map of regrets: white is none."""
    return {"cmap": "Reds", "vmin": 0.0, "vmax": float(np.nanmax(regret)) or 1.0}


def show_used(bar: Colorbar, values: Array) -> None:
    """Cut a colour bar to what it shows of zero and the values that occur."""
    bottom, top = bar.ax.get_ylim()
    low, high = min(float(np.nanmin(values)), 0.0), max(float(np.nanmax(values)), 0.0)
    if low < high:
        bar.ax.set_ylim(max(low, bottom), min(high, top))


def draw_borders(ax: Axes, space: ContextSpace, X: Array, owners: NDArray[np.intp]) -> None:
    """Draw white lines between neighbours of a 2-D grid that have different owners (M,)."""
    n, m = grid_shape(space, X)
    x, y = (cell_edges(f, size) for f, size in zip(space, (n, m), strict=True))
    owner = owners.reshape(n, m)
    segments = [
        [(x[i + 1], y[j]), (x[i + 1], y[j + 1])] for i, j in np.argwhere(owner[1:] != owner[:-1])
    ]
    segments += [
        [(x[i], y[j + 1]), (x[i + 1], y[j + 1])]
        for i, j in np.argwhere(owner[:, 1:] != owner[:, :-1])
    ]
    ax.add_collection(LineCollection(segments, colors="white", linewidths=1.6))


def mark_sources(ax: Axes, matrix: TransferMatrix) -> None:
    """Mark the trained sources on a map over two features."""
    first, second = matrix.space.names
    for k, (source, color) in enumerate(source_colors(matrix).items(), 1):
        mark_source(ax, source[first], source[second], str(k), color)


def draw_profile(
    ax: Axes, feature: ContextFeature, column: Array, values: Array, **line: Any
) -> None:
    """Draw values (M,) along one of several features: mean and, faintly, range over the others.

    Args:
        ax: the panel.
        feature: the feature.
        column: its value in each target, shape (M,).
        values: what to draw.
        line: properties of the line.
    """
    points, means = means_along(column, values)
    groups = [values[column == point] for point in points]
    ax.fill_between(
        points, [np.nanmin(g) for g in groups], [np.nanmax(g) for g in groups],
        color=line.get("color"), alpha=0.12, linewidth=0,
    )  # fmt: skip
    ax.plot(points, means, **line)
    along_x(ax, feature, len(np.unique(column)))


def means_along(column: Array, values: Array) -> tuple[Array, Array]:
    """Return the entries of a column (M,) with known values, and their mean at each."""
    known = ~np.isnan(values)
    points, which = np.unique(column[known], return_inverse=True)
    return points, np.bincount(which, weights=values[known]) / np.bincount(which)
