"""Return on every target after each round, and which source it comes from.

Where policies are measured on some targets only, what is forecast is drawn too, and marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rltransfer.reports.figures.context_axes import along_x
from rltransfer.reports.figures.heatmap import most_panels
from rltransfer.reports.figures.maps import (
    draw_borders,
    draw_map,
    draw_profile,
    mark_sources,
    means_along,
)
from rltransfer.reports.figures.style import (
    GREY,
    INK,
    LIGHT,
    SEQUENTIAL,
    columns_for,
    mark_source,
    panels,
    plain_numbers,
    share_x_labels,
    share_y_labels,
    source_colors,
    styled,
)
from rltransfer.reports.words import number, signed
from rltransfer.selection.serving import Served, serve
from rltransfer.transfer import TransferMatrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["targets_figure"]

Array = NDArray[np.float64]

STACK = 0.09
"""Distance of stacked marks, as a share of the panel's height."""


@styled
def targets_figure(matrix: TransferMatrix, threshold: float) -> Figure:
    """Draw the best return per target, a panel per round.

    Args:
        matrix: what the study's own selector has learnt.
        threshold: the return from which on a target counts as covered.
    """
    draw = {1: curves, 2: round_maps}.get(len(matrix.space), profiles)
    return draw(matrix, threshold)


def curves(matrix: TransferMatrix, threshold: float) -> Figure:
    """Draw returns along one feature."""
    shown = most_panels(len(matrix.trained))
    columns = columns_for(len(shown))
    figure, axes = panels(len(shown), columns, (2.7, 2.2))
    then = after_each_round(matrix)
    low = min(float(then[0].returns.min()), float(matrix.set_points.min()))
    high = max(float(then[-1].returns.max()), threshold)
    room = 0.06 * (high - low or 1.0)
    for ax, k in zip(axes, shown, strict=True):
        draw_round(ax, matrix, then, k)
        ax.axhline(threshold, color=GREY, linewidth=0.8, linestyle=":")
        ax.set_ylim(low - room, high + 2 * room)
        ax.set_ylabel("return")
        plain_numbers(ax)
    share_x_labels(axes, columns)
    share_y_labels(axes, columns)
    return figure


def after_each_round(matrix: TransferMatrix) -> list[Served]:
    """Return who serves each target after each round."""
    return [serve(matrix.after(k)) for k in range(1, len(matrix.trained) + 1)]


def draw_round(ax: Axes, matrix: TransferMatrix, then: Sequence[Served], k: int) -> None:
    """Draw round k (from 0): what was reached before, what is now, and by which source."""
    (feature,) = matrix.space
    now, before = then[k], then[k - 1].returns if k else matrix.after(0).best
    x = matrix.space.to_array(matrix.targets)[:, 0]
    colors = source_colors(matrix)
    color_of = np.array([colors[matrix.sources[i]] for i in matrix.trained])
    shades = np.array([*color_of[: k + 1], *[GREY] * len(matrix.known)])  # as rows are numbered
    if np.isfinite(before).any():
        ax.fill_between(x, before, now.returns, color=color_of[k], alpha=0.22, linewidth=0)
        ax.plot(x, before, color=LIGHT, linewidth=1.2)
    draw_served(ax, x, now, shades)
    along_x(ax, feature, len(x))
    for j, index in enumerate(matrix.trained[: k + 1]):
        source = matrix.sources[index][feature.name]
        mark_source(ax, source, matrix.set_points[j], str(j + 1), color_of[j])
    ax.set_title(title(then, k))


def draw_served(ax: Axes, x: Array, now: Served, shades: NDArray[np.str_]) -> None:
    """Draw what is reached on targets at x: discs where it is measured, rings where forecast."""
    y, color, known = now.returns, shades[now.rows], now.measured
    ax.scatter(x[known], y[known], c=color[known], s=9, zorder=3, linewidths=0)
    if not known.all():
        hoped = ax.scatter(x[~known], y[~known], s=9, zorder=3, linewidths=0.7)
        hoped.set_facecolor("none")
        hoped.set_edgecolor(color[~known].tolist())


def title(then: Sequence[Served], k: int) -> str:
    """Say round, coverage and gain of a panel."""
    V = [served.coverage for served in then]
    gain = f" ({signed(V[k] - V[k - 1])})" if k else ""
    return f"round {k + 1}: V = {number(V[k])}{gain}"


def round_maps(matrix: TransferMatrix, threshold: float) -> Figure:
    """Draw maps over two features; white lines part the sources' regions."""
    shown = most_panels(len(matrix.trained))
    columns = columns_for(len(shown))
    figure, axes = panels(len(shown), columns, (2.7, 2.5))
    X = matrix.space.to_array(matrix.targets)
    then = after_each_round(matrix)
    lows = [float(np.nanmin(matrix.mean)), float(then[0].returns.min())]
    limits = {"vmin": min(lows), "vmax": then[-1].returns.max()}
    for ax, k in zip(axes, shown, strict=True):
        mesh = draw_map(ax, matrix.space, X, then[k].returns, cmap=SEQUENTIAL, **limits)
        draw_borders(ax, matrix.space, X, then[k].rows)
        mark_sources(ax, matrix.after(k + 1))
        ax.set_title(title(then, k))
    share_x_labels(axes, columns)
    share_y_labels(axes, columns)
    bar = figure.colorbar(mesh, ax=axes, label="return", shrink=0.8)
    bar.ax.axhline(threshold, color="white", linewidth=1.5, linestyle=":")
    return figure


def profiles(matrix: TransferMatrix, threshold: float) -> Figure:
    """Draw the last round along each of many features, and earlier ones faintly."""
    X = matrix.space.to_array(matrix.targets)
    columns = columns_for(len(matrix.space))
    figure, axes = panels(len(matrix.space), columns, (2.7, 2.6))
    *earlier, last = (served.returns for served in after_each_round(matrix))
    for ax, feature, column in zip(axes, matrix.space, X.T, strict=True):
        for returns in earlier:
            ax.plot(*means_along(column, returns), color=LIGHT, linewidth=1)
        draw_profile(ax, feature, column, last, color=INK, linewidth=2)
        ax.axhline(threshold, color=GREY, linewidth=0.8, linestyle=":")
        mark_stacks(ax, matrix, feature.name)
        ax.set_ylabel("return")
        plain_numbers(ax)
    share_y_labels(axes, columns)
    return figure


def mark_stacks(ax: Axes, matrix: TransferMatrix, name: str) -> None:
    """Mark the sources on the x axis, those with the same value above each other."""
    seen: Counter[float] = Counter()
    for k, (source, color) in enumerate(source_colors(matrix).items(), 1):
        x = source[name]
        mark_source(ax, x, STACK * seen[x], str(k), color, ax.get_xaxis_transform())
        seen[x] += 1
