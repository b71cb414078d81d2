"""The transfer matrix: returns of every trained policy on every target, sources marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rltransfer.reports.figures.context_axes import along_x, along_y, cell_edges
from rltransfer.reports.figures.maps import draw_map
from rltransfer.reports.figures.style import (
    GREY,
    INK,
    SEQUENTIAL,
    columns_for,
    mark_source,
    panels,
    share_x_labels,
    share_y_labels,
    source_colors,
    styled,
)
from rltransfer.reports.words import values_text
from rltransfer.transfer import TransferMatrix
from rltransfer.transfer.known import stacked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["heatmap_figure", "most_panels"]

MOST_PANELS, MOST_NAMES = 12, 30
TALLEST = 6.0
"""Height in inches that rows may take together."""


@styled
def heatmap_figure(known: TransferMatrix, rounds: int) -> Figure:
    """Draw the transfer matrix.

    Args:
        known: all that is trained; the study's own sources first.
        rounds: how many of them are the study's own.
    """
    if len(known.space) == 2:
        return source_maps(known, rounds)
    if len(known.space) == 1 and len(known.trained) == len(known.sources) and not known.known:
        return square(known, rounds)
    return rows(known, rounds)


def most_panels(count: int) -> list[int]:
    """Return which of `count` panels to draw: all of them, or the most that fit, evenly."""
    if count <= MOST_PANELS:
        return list(range(count))
    return [round(i) for i in np.linspace(0, count - 1, MOST_PANELS)]


def square(known: TransferMatrix, rounds: int) -> Figure:
    """Draw a matrix of which every row is known, both axes along the one feature."""
    (feature,) = known.space
    n = len(known.sources)
    figure = Figure(figsize=(6.4, 5.0))
    ax = figure.subplots()
    edges = cell_edges(feature, n)
    J = known.mean[np.argsort(known.trained)]
    mesh = ax.pcolormesh(edges, edges, J, cmap=SEQUENTIAL, rasterized=True)
    along_x(ax, feature, n)
    along_y(ax, feature, n)
    ax.set_xlabel(f"target: {ax.get_xlabel()}")
    ax.set_ylabel(f"source: {ax.get_ylabel()}")
    for k, (source, color) in enumerate(source_colors(known.after(rounds)).items(), 1):
        ax.axhline(source[feature.name], color="white", linewidth=0.7, alpha=0.8)
        mark_source(ax, source[feature.name], source[feature.name], str(k), color)
    figure.colorbar(mesh, ax=ax, label="return")
    return figure


def rows(known: TransferMatrix, rounds: int) -> Figure:
    """Draw one row per trained source, in the order of the contexts; below, known policies."""
    order, J = np.argsort(known.trained), known.known.mean
    figure = Figure(figsize=(7.2, 1.5 + min(0.3 * (len(order) + len(J)), TALLEST)))
    ax = figure.subplots()
    columns, lines = target_axis(ax, known), np.arange(-len(J), len(order) + 1) - 0.5
    means = stacked(J[::-1], known.mean[order])
    mesh = ax.pcolormesh(columns, lines, means, cmap=SEQUENTIAL, rasterized=True)
    name_rows(ax, known, order, rounds)
    colors = list(source_colors(known.after(rounds)).values())
    for row, k in enumerate(order):
        x = target_position(known, known.trained[k])
        if k < rounds:
            mark_source(ax, x, row, str(k + 1), colors[k])
        elif len(order) <= MOST_NAMES:
            ax.plot([x], [row], "o", markersize=6, markerfacecolor="none", markeredgecolor="white")
    figure.colorbar(mesh, ax=ax, label="return", pad=0.02)
    return figure


def name_rows(ax: Axes, known: TransferMatrix, order: NDArray[np.intp], rounds: int) -> None:
    """Write the sources beside their rows, those of the study dark; these only, if rows are many.

    Args:
        ax: the panel.
        known: all that is trained.
        order: which of the trained sources each row holds.
        rounds: how many of them, the first, are the study's own.
    """
    named = [row for row, k in enumerate(order) if k < rounds or len(order) <= MOST_NAMES]
    sources = [known.sources[known.trained[order[row]]] for row in named]
    elsewhere = [policy.name for policy in known.known.policies][:MOST_NAMES]
    ax.set_yticks(
        [*named, *range(-1, -1 - len(elsewhere), -1)],
        labels=[*(values_text(known.space, source) for source in sources), *elsewhere],
    )
    for label, row in zip(ax.get_yticklabels(), [*named, *[None] * len(elsewhere)], strict=True):
        label.set_color(INK if row is not None and order[row] < rounds else GREY)
    ax.tick_params(axis="y", length=0)
    ax.set_ylabel(f"source: {', '.join(known.space.names)}")


def target_axis(ax: Axes, known: TransferMatrix) -> NDArray[np.float64]:
    """Lay the targets along x, by the one feature or by their index; return the cells' edges."""
    n = len(known.targets)
    if len(known.space) == 1:
        (feature,) = known.space
        along_x(ax, feature, n)
        ax.set_xlabel(f"target: {ax.get_xlabel()}")
        return cell_edges(feature, n)
    ax.set_xlabel(f"target, by index ({known.space.names[-1]} changes fastest)")
    return np.arange(n + 1, dtype=np.float64) - 0.5


def target_position(known: TransferMatrix, source: int) -> float:
    """Return where on the x axis the source's own context lies."""
    context = known.sources[source]
    if len(known.space) == 1:
        return context[known.space.names[0]]
    index = known.problem.target_index(context)
    return float("nan") if index is None else float(index)


def source_maps(known: TransferMatrix, rounds: int) -> Figure:
    """Draw, for two features, one map over the targets per source of the study."""
    shown = most_panels(rounds)
    columns = columns_for(len(shown))
    figure, axes = panels(len(shown), columns, (2.7, 2.5))
    X = known.space.to_array(known.targets)
    means = known.mean[:rounds]
    limits = {"vmin": np.nanmin(means), "vmax": np.nanmax(means)}
    first, second = known.space.names
    sources = list(source_colors(known.after(rounds)).items())
    for ax, k in zip(axes, shown, strict=True):
        mesh = draw_map(ax, known.space, X, known.mean[k], cmap=SEQUENTIAL, **limits)
        source, color = sources[k]
        mark_source(ax, source[first], source[second], str(k + 1), color)
        ax.set_title(f"source {k + 1}")
    share_x_labels(axes, columns)
    share_y_labels(axes, columns)
    figure.colorbar(mesh, ax=axes, label="return", shrink=0.8)
    return figure
