"""Learning curves on one target, with and without a head start."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from rltransfer.reports.figures.style import COLORS, GREY, INK, plain_numbers, styled
from rltransfer.reports.words import number, signed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rltransfer.transfer.adaptation import LearningCurve

__all__ = ["adaptation_figure"]

LEAST_APART = 0.055
"""Of the axis height, between the names at the lines' ends."""

ARROW_AT, ARROWS_APART = -0.015, 0.045
"""Where the first jump-start's arrow stands, as a share of the steps; the others are left of it."""


@styled
def adaptation_figure(
    curves: Mapping[str, LearningCurve], reference: str | None, threshold: float | None
) -> Figure:
    """Draw every curve; where one reaches the threshold; how far its start is above the reference.

    Args:
        curves: by name, over the same steps.
        reference: the name of the curve without a head start; None if there is none.
        threshold: the score that is to be reached; None if there is none.
    """
    figure = Figure(figsize=(7.2, 4.0))
    ax = figure.subplots()
    colors = colors_of(curves, reference)
    for name, curve in curves.items():
        ax.plot(curve.steps, curve.scores, "o-", color=colors[name], linewidth=1.8, markersize=3)
    frame(ax, curves)
    if threshold is not None:
        show_threshold(ax, curves, threshold, colors)
    if reference is not None:
        show_jumps(ax, curves, reference, colors)
    labels = [(float(c.scores[-1]), name, colors[name]) for name, c in curves.items()]
    if threshold is not None:
        labels.append((threshold, f"threshold {number(threshold)}", GREY))
    name_lines(ax, labels, reference)
    return figure


def colors_of(curves: Mapping[str, LearningCurve], reference: str | None) -> dict[str, str]:
    """Return a colour per curve: grey for the reference."""
    others = [name for name in curves if name != reference]
    colors = dict(zip(others, COLORS, strict=False))
    return {name: colors.get(name, GREY) for name in curves}


def frame(ax: Axes, curves: Mapping[str, LearningCurve]) -> None:
    """Label the axes, and leave room for arrows on the left."""
    first = min(float(curve.steps[0]) for curve in curves.values())
    last = max(float(curve.steps[-1]) for curve in curves.values())
    room = 0.02 + ARROWS_APART * len(curves)
    ax.set_xlim(first - room * (last - first), last + 0.01 * (last - first))
    ax.set_xlabel("environment steps on the target")
    ax.set_ylabel("return")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    plain_numbers(ax)


def show_threshold(
    ax: Axes, curves: Mapping[str, LearningCurve], threshold: float, colors: Mapping[str, str]
) -> None:
    """Draw the threshold, and a diamond where each curve reaches it first."""
    ax.axhline(threshold, color=GREY, linewidth=0.9, linestyle=":", zorder=1)
    for name, curve in curves.items():
        if (reached := curve.steps_to(threshold)) is not None:
            score = max(threshold, curve.start) if reached == curve.steps[0] else threshold
            ax.plot([reached], [score], "D", color=colors[name], markersize=7,
                    markeredgecolor="white", markeredgewidth=1.2, zorder=5)  # fmt: skip


def show_jumps(
    ax: Axes, curves: Mapping[str, LearningCurve], reference: str, colors: Mapping[str, str]
) -> None:
    """Draw an arrow from the reference's start to the start of each other curve."""
    base = curves[reference].start
    first, last = curves[reference].steps[[0, -1]]
    others = [name for name in curves if name != reference]
    for k, name in enumerate(others):
        start = curves[name].start
        x = first + (ARROW_AT - ARROWS_APART * k) * (last - first)
        ax.annotate("", (x, start), (x, base),
                    arrowprops={"arrowstyle": "->", "color": colors[name], "lw": 1.4,
                                "shrinkA": 0, "shrinkB": 0})  # fmt: skip
        ax.annotate(signed(start - base), (x, (start + base) / 2), (-2, 0),
                    textcoords="offset points", color=colors[name], fontsize=7.5,
                    rotation=90, ha="right", va="center")  # fmt: skip


def name_lines(ax: Axes, labels: list[tuple[float, str, str]], reference: str | None) -> None:
    """Write names beside the ends of lines, no two on one another.

    Args:
        ax: the panel.
        labels: height, text and colour of each.
        reference: the text that is written in ink although its line is grey.
    """
    low, high = ax.get_ylim()
    ordered = sorted(labels)
    places = spread([height for height, _, _ in ordered], LEAST_APART * (high - low))
    for place, (_, text, color) in zip(places, ordered, strict=True):
        ax.annotate(text, (1.0, place), (6, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", color=INK if text == reference else color,
                    fontsize=9, va="center", annotation_clip=False)  # fmt: skip
    ax.set_ylim(low, high)


def spread(heights: list[float], apart: float) -> list[float]:
    """Return the nearest heights (least squares) that are at least `apart` from one another.

    Less k times `apart`, they must not decrease: isotonic regression, by pooling neighbours.

    Args:
        heights: increasing.
        apart: the least distance.
    """
    pools: list[list[float]] = []
    for k, height in enumerate(heights):
        pools.append([height - k * apart])
        while len(pools) > 1 and mean(pools[-2]) >= mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    flat = [mean(pool) for pool in pools for _ in pool]
    return [height + k * apart for k, height in enumerate(flat)]
