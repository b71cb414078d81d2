"""Figures of a gap study: gaps by context and by part, profiles, a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rltransfer.experiment.gap_study.findings import LEVELS, Findings, PartFinding
from rltransfer.reports.figures.context_axes import along_x
from rltransfer.reports.figures.maps import means_along
from rltransfer.reports.figures.style import (
    COLORS,
    GREY,
    INK,
    LIGHT,
    plain_numbers,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rltransfer.experiment.gap_study import GapStudy
    from rltransfer.experiment.gap_study.comparison import MethodComparison

__all__ = [
    "comparison_figure",
    "contexts_figure",
    "method_colors",
    "parts_figure",
    "profiles_figure",
]

Array = NDArray[np.float64]
PANELS = 3
"""Side by side."""

APART = 0.16
"""Between the methods' marks in one part."""


def method_colors(study: GapStudy) -> dict[str, str]:
    """Return a colour for each method, in order; grey from where the colours end."""
    names = [found.method.name for found in study.findings]
    return {name: COLORS[k] if k < len(COLORS) else GREY for k, name in enumerate(names)}


# -- by context ----------------------------------------------------------------------------------


@styled
def contexts_figure(study: GapStudy) -> Figure:
    """Draw return and gap of every method along every feature."""
    space, X = study.ground.space, study.ground.space.to_array(study.ground.targets)
    told = [found for found in study.findings if found.method.knows_home]
    rows = 2 if told else 1
    columns = min(len(space), PANELS)
    figure = Figure(figsize=(max(7.2, 3.4 * columns), 2.6 * rows))
    axes = figure.subplots(rows, columns, squeeze=False, sharey="row")
    for j, feature in enumerate(list(space)[:PANELS]):
        shade_training(axes[:, j].tolist(), study, X[:, j])
        draw_lines(
            axes[0, j], study, X[:, j], {f.method.name: f.method.mean for f in study.findings}
        )
        if told:
            draw_gaps(axes[1, j], study, told, X[:, j])
        for ax in axes[:, j]:
            along_x(ax, feature, max(2, len(np.unique(X[:, j]))))
            plain_numbers(ax)
    for ax in axes.ravel():
        ax.label_outer()
    for ax, name in zip(axes[:, 0], ("return", "gap ΔJ"), strict=False):
        ax.set_ylabel(name)
    legend(figure, study)
    return figure


def draw_lines(ax: Axes, study: GapStudy, column: Array, values: Mapping[str, Array]) -> None:
    """Draw values (M,) of each method along a feature: means over the other features."""
    for name, color in method_colors(study).items():
        if name in values:
            ax.plot(*means_along(column, values[name]), "o-", color=color, markersize=3, lw=1.6)


def draw_gaps(ax: Axes, study: GapStudy, told: Sequence[Findings], column: Array) -> None:
    """Draw the gaps of each method, with intervals where a point is one context."""
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    draw_lines(ax, study, column, {found.method.name: found.gaps for found in told})
    if len(np.unique(column)) == len(column):
        colors = method_colors(study)
        for found in told:
            ax.vlines(column, found.low, found.high, colors=colors[found.method.name], alpha=0.45)


def shade_training(axes: Sequence[Axes], study: GapStudy, column: Array) -> None:
    """Shade the range of a split's training contexts along a feature."""
    if study.ground.split is not None:
        train = column[study.findings[0].common_parts == 0]
        for ax in axes:
            ax.axvspan(train.min(), train.max(), color=LIGHT, alpha=0.35, linewidth=0, zorder=0)


def legend(figure: Figure, study: GapStudy) -> None:
    """Name the methods above the panels, where there are several."""
    colors = method_colors(study)
    if len(colors) > 1:
        from matplotlib.lines import Line2D

        handles = [Line2D([], [], color=c, marker="o", markersize=4) for c in colors.values()]
        figure.legend(handles, list(colors), loc="outside upper left", ncols=min(4, len(colors)))


# -- by part -------------------------------------------------------------------------------------


@styled
def parts_figure(study: GapStudy) -> Figure:
    """Draw the mean return of every method in each part, with intervals."""
    names = list(dict.fromkeys(p.name for f in study.findings for p in f.by_part))
    figure = Figure(figsize=(7.2, 3.2))
    ax = figure.subplots()
    for k, (found, color) in enumerate(
        zip(study.findings, method_colors(study).values(), strict=True)
    ):
        shift = APART * (k - (len(study.findings) - 1) / 2)
        draw_parts(ax, found.by_part, [names.index(p.name) + shift for p in found.by_part], color)
    ax.set_xticks(range(len(names)), names)
    ax.set_xlim(-0.5, len(names) - 0.5)
    ax.set_ylabel("mean return")
    plain_numbers(ax)
    legend(figure, study)
    return figure


def draw_parts(ax: Axes, parts: Sequence[PartFinding], at: Sequence[float], color: str) -> None:
    """Draw one method's parts: mean and interval."""
    returns = [part.returns for part in parts]
    ax.vlines(at, [r.low for r in returns], [r.high for r in returns], colors=color, linewidth=2.2)
    ax.plot(at, [r.estimate for r in returns], "o", color=color, markersize=6)


# -- over scores ---------------------------------------------------------------------------------


@styled
def profiles_figure(study: GapStudy) -> Figure:
    """Draw the performance profile of every method with its band."""
    figure = Figure(figsize=(7.2, 3.4))
    ax = figure.subplots()
    for found, color in zip(study.findings, method_colors(study).values(), strict=True):
        low, estimate, high = found.profile
        ax.fill_between(LEVELS, low, high, color=color, alpha=0.15, linewidth=0)
        ax.plot(LEVELS, estimate, color=color, linewidth=2)
    ax.set_xlim(0.0, 1.0)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("score τ")
    ax.set_ylabel("share of scores above τ")
    legend(figure, study)
    return figure


# -- two methods ---------------------------------------------------------------------------------


@styled
def comparison_figure(study: GapStudy, comparison: MethodComparison) -> Figure:
    """Draw by how much the first method returns more in each context, from least to most."""
    order = np.argsort(comparison.by_context, kind="stable")
    ranks = np.arange(1, len(order) + 1)
    figure = Figure(figsize=(7.2, 3.2))
    ax = figure.subplots()
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    low, mean, high = comparison.difference
    ax.axhspan(low, high, color=LIGHT, alpha=0.5, linewidth=0)
    ax.axhline(mean, color=INK, linewidth=1, linestyle="--")
    draw_ranked(ax, study, comparison, order, ranks)
    ax.set_xlim(0, len(order) + 1)
    ax.set_xlabel(f"contexts, from best for {comparison.second} to best for {comparison.first}")
    ax.set_ylabel(f"return of {comparison.first}\nless {comparison.second}")
    plain_numbers(ax)
    return figure


def draw_ranked(
    ax: Axes,
    study: GapStudy,
    comparison: MethodComparison,
    order: NDArray[np.intp],
    ranks: NDArray[Any],
) -> None:
    """Draw the differences in the colour of who returns more."""
    colors = method_colors(study)
    values = comparison.by_context[order]
    won = {1.0: colors[comparison.first], 0.0: GREY, -1.0: colors[comparison.second]}
    shades = [won[float(sign)] for sign in np.sign(values)]
    ax.vlines(ranks, comparison.low[order], comparison.high[order], colors=shades, alpha=0.5)
    ax.scatter(ranks, values, c=shades, s=16, zorder=3, linewidths=0)
