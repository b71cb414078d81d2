"""V over the number of trained sources, or over steps: the study's selector beside others."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from rltransfer.reports.comparison import Comparison, CoverageCurve
from rltransfer.reports.figures.style import GREY, INK, plain_numbers, styled
from rltransfer.reports.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["coverage_figure", "spread_out", "steps_figure"]

COMPARED = ("#e69f00", "#009e73", "#cc79a7", "#56b4e9")
ORACLE = "#882255"
DASHES = {"multi-task": "--", "multi-task-hidden": (0, (1, 1.2)), "independent": "-."}
Label = tuple[float, str, str]
"""Height, text and colour of what is written beside a line."""

LINE_HEIGHT = 0.052
"""Least distance of two labels, as a share of the axis' height."""


@styled
def coverage_figure(comparison: Comparison) -> Figure:
    """Draw the curves with their intervals, and the references as horizontal lines."""
    figure = Figure(figsize=(7.2, 4.2))
    ax = figure.subplots()
    labels = draw_curves(ax, comparison, lambda curve: np.arange(1.0, curve.rounds + 1))
    if comparison.oracle:
        k = np.arange(1.0, comparison.oracle.rounds + 1)
        labels.append(draw_curve(ax, comparison.oracle, k, ORACLE, 1.2))
    labels += draw_references(ax, comparison)
    last = max(curve.rounds for curve in comparison.curves)
    ax.set_xlim(0.8, last + 0.2)
    ax.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    ax.set_xlabel("number of trained sources")
    ax.set_ylabel("V, mean return over all targets")
    plain_numbers(ax)
    write_labels(ax, labels)
    return figure


@styled
def steps_figure(comparison: Comparison) -> Figure:
    """Draw the curves over the training steps of all sources so far, and the references."""
    figure = Figure(figsize=(7.2, 4.2))
    ax = figure.subplots()
    labels = draw_curves(ax, comparison, lambda curve: np.array(curve.steps))
    labels += draw_references(ax, comparison)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda steps, _: number(steps)))
    ax.set_xlabel("environment steps of training, all sources so far")
    ax.set_ylabel("V, mean return over all targets")
    plain_numbers(ax)
    write_labels(ax, labels)
    return figure


def draw_curves(
    ax: Axes, comparison: Comparison, place: Callable[[CoverageCurve], NDArray[np.float64]]
) -> list[Label]:
    """Draw the selectors at `place` of each; return where the labels belong."""
    labels = [draw_curve(ax, comparison.own, place(comparison.own), INK, 2.6)]
    for curve, color in zip(comparison.curves[1:], cycle(COMPARED), strict=False):
        labels.append(draw_curve(ax, curve, place(curve), color, 1.6))
    return labels


def draw_references(ax: Axes, comparison: Comparison) -> list[Label]:
    """Draw what does not depend on the number of sources; return where the labels belong."""
    labels = []
    for reference in comparison.references:
        level = reference.coverage.value
        ax.axhline(level, color=GREY, linewidth=1, linestyle=DASHES.get(reference.name, ":"))
        labels.append((level, reference.name, GREY))
    return labels


def draw_curve(
    ax: Axes, curve: CoverageCurve, k: NDArray[np.float64], color: str, width: float
) -> Label:
    """Draw a curve, its seeds and its interval; return where its label belongs."""
    if len(curve.per_seed) > 1:
        ends = np.array([(point.low, point.high) for point in curve.points], dtype=np.float64)
        ax.fill_between(k, *ends.T, color=color, alpha=0.13, linewidth=0)
    ax.plot(k, curve.values, "o-", color=color, linewidth=width, markersize=2 + width,
            label=curve.name, zorder=2 + width)  # fmt: skip
    return float(curve.values[-1]), curve.name, color


def write_labels(ax: Axes, labels: list[Label]) -> None:
    """Write each line's name to the right of the panel, at its height, none over another."""
    low, high = ax.get_ylim()
    heights = [(value - low) / (high - low) for value, _, _ in labels]
    for (_, name, color), at, wanted in zip(
        labels, spread_out(heights, LINE_HEIGHT), heights, strict=True
    ):
        ax.annotate(
            name, (1.0, wanted), xytext=(1.05, at), xycoords="axes fraction",
            textcoords="axes fraction", color=color, va="center", fontsize=9,
            fontweight="bold" if color == INK else "normal",
            arrowprops={"arrowstyle": "-", "color": color, "lw": 0.6, "relpos": (0, 0.5),
                        "shrinkA": 1, "shrinkB": 1},
        )  # fmt: skip


def spread_out(heights: list[float], distance: float) -> list[float]:
    """Move heights apart to at least a distance, each group about its own mean, order kept."""
    order = np.argsort(heights, kind="stable")
    groups: list[list[float]] = []  # each [sum of wanted heights, number]; touching ones merge
    for wanted in np.asarray(heights)[order]:
        groups.append([float(wanted), 1])
        while len(groups) > 1 and overlap(groups[-2], groups[-1], distance):
            total, count = groups.pop()
            groups[-1] = [groups[-1][0] + total, groups[-1][1] + count]
    placed = [
        total / count + (i - (count - 1) / 2) * distance
        for total, count in groups
        for i in range(int(count))
    ]
    result = np.empty(len(heights))
    result[order] = placed
    return result.tolist()


def overlap(below: list[float], above: list[float], distance: float) -> bool:
    """Say whether two groups of labels, each centred on its mean, come too close."""
    room = above[0] / above[1] - below[0] / below[1]
    return room < distance * (below[1] + above[1]) / 2 - 1e-12
