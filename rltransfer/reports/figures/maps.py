"""Quantities over the targets: a map over two features, profiles along more.

Notation
    M        targets, a full grid with n_j points along feature j, last feature fastest
    values   one number per target, shape (M,)
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

__all__ = ["draw_borders", "draw_map", "draw_profile", "grid_shape", "mark_sources"]

Array = NDArray[np.float64]


def grid_shape(space: ContextSpace, X: Array) -> tuple[int, ...]:
    """Return the number of grid points along each feature of contexts X (M, d)."""
    return tuple(len(np.unique(X[:, j])) for j in range(len(space)))


def draw_map(ax: Axes, space: ContextSpace, X: Array, values: Array, **color: Any) -> QuadMesh:
    """Draw values (M,) over a grid X (M, 2): first feature to the right, second upwards."""
    first, second = space
    n, m = grid_shape(space, X)
    mesh = ax.pcolormesh(
        cell_edges(first, n), cell_edges(second, m), values.reshape(n, m).T, rasterized=True, **color
    )
    along_x(ax, first, n)
    along_y(ax, second, m)
    return mesh


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
    points, which = np.unique(column, return_inverse=True)
    groups = [values[which == i] for i in range(len(points))]
    ax.fill_between(
        points, [g.min() for g in groups], [g.max() for g in groups],
        color=line.get("color"), alpha=0.12, linewidth=0,
    )  # fmt: skip
    ax.plot(points, [g.mean() for g in groups], **line)
    along_x(ax, feature, len(points))
