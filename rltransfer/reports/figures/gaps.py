"""The generalization gap of every target with its interval, and the regret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure, SubFigure
from numpy.typing import ArrayLike

from rltransfer.contexts import Context
from rltransfer.reports.figures.context_axes import along_x
from rltransfer.reports.figures.maps import (
    draw_map,
    draw_profile,
    gap_colors,
    regret_colors,
    show_used,
)
from rltransfer.reports.figures.style import GREY, INK, mark_source, plain_numbers, styled
from rltransfer.reports.words import number
from rltransfer.transfer import GapReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["gaps_figure"]

Colors = Mapping[Context, str]
RANKED = 2.8
"""Height of the ranked gaps in inches."""


@styled
def gaps_figure(report: GapReport, colors: Colors) -> Figure:
    """Draw the gaps of a round.

    Args:
        report: the gaps.
        colors: of the sources, in the order of their rounds; see `source_colors`.
    """
    draw = {1: along_feature, 2: ranked_and_mapped}.get(len(report.space), ranked_and_profiled)
    return draw(report, colors)


def along_feature(report: GapReport, colors: Colors) -> Figure:
    """Draw gap and regret along one feature."""
    (feature,) = report.space
    figure = Figure(figsize=(7.2, 4.6))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    x = report.space.to_array(report.targets)[:, 0]
    draw_gaps(above, x, report, colors)
    for k, (source, color) in enumerate(colors.items(), 1):
        mark_source(above, source[feature.name], 0.0, str(k), color)
    below.vlines(x, 0, report.regret, colors=shades_of(report, colors), linewidth=3)
    below.axhline(0, color=GREY, linewidth=0.8)
    below.set_ylabel("regret (return)")
    plain_numbers(below)
    along_x(below, feature, len(x))
    return figure


def shades_of(report: GapReport, colors: Colors) -> list[str]:
    """Return the colour of the source that serves each target; grey where it is none of these."""
    served = zip(report.sources, report.known, strict=True)
    return [GREY if x is None or known else colors.get(x, GREY) for x, known in served]


def draw_gaps(ax: Axes, x: ArrayLike, report: GapReport, colors: Colors) -> None:
    """Draw the gaps at positions x, in the colours of the covering sources, and their mean."""
    shades = shades_of(report, colors)
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.vlines(x, report.low, report.high, colors=shades, linewidth=1.4, alpha=0.55)
    ax.scatter(x, report.gap, c=shades, s=14, zorder=3, linewidths=0)
    ax.axhline(report.mean_gap, color=INK, linewidth=1, linestyle="--")
    ax.annotate(
        f"mean {number(report.mean_gap)}", (1.0, report.mean_gap), xytext=(4, 0),
        xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9,
    )  # fmt: skip
    ax.set_ylabel("gap ΔJ (return)")
    plain_numbers(ax)


def below_ranked(report: GapReport, colors: Colors, height: float) -> tuple[Figure, SubFigure]:
    """Return a figure with the ranked gaps on top, and the room below of some height in inches."""
    figure = Figure(figsize=(7.6, RANKED + height))
    top, bottom = np.asarray(figure.subfigures(2, 1, height_ratios=[RANKED, height]))
    draw_ranked(top.subplots(), report, colors)
    return figure, bottom


def draw_ranked(ax: Axes, report: GapReport, colors: Colors) -> None:
    """Draw the gaps from the largest to the smallest."""
    order = np.argsort(-report.gap, kind="stable")
    fields = ("set_point", "reached", "gap", "regret", "low", "high")
    ranked = GapReport(
        space=report.space,
        round=report.round,
        targets=tuple(report.targets[i] for i in order),
        sources=tuple(report.sources[i] for i in order),
        known=tuple(report.known[i] for i in order),
        **{name: getattr(report, name)[order] for name in fields},
    )
    draw_gaps(ax, np.arange(1, len(order) + 1), ranked, colors)
    ax.set_xlim(0, len(order) + 1)
    ax.set_xlabel("targets, from the largest gap to the smallest")


def ranked_and_mapped(report: GapReport, colors: Colors) -> Figure:
    """Draw, for two features, the ranked gaps above maps of gap and regret."""
    figure, bottom = below_ranked(report, colors, 3.2)
    X = report.space.to_array(report.targets)
    looks = (("gap ΔJ", report.gap, gap_colors(report.gap)),
             ("regret", report.regret, regret_colors(report.regret)))  # fmt: skip
    for ax, (name, values, look) in zip(bottom.subplots(1, 2), looks, strict=True):
        mesh = draw_map(ax, report.space, X, values, **look)
        first, second = report.space.names
        for k, (source, color) in enumerate(colors.items(), 1):
            mark_source(ax, source[first], source[second], str(k), color)
        ax.set_title(name)
        show_used(bottom.colorbar(mesh, ax=ax), values)
    return figure


def ranked_and_profiled(report: GapReport, colors: Colors) -> Figure:
    """Draw, for more features, the ranked gaps above their profile along each feature."""
    d = len(report.space)
    figure, bottom = below_ranked(report, colors, 2.4 * -(-d // 3))
    X = report.space.to_array(report.targets)
    axes = bottom.subplots(-(-d // 3), 3, squeeze=False).ravel().tolist()
    for j, (ax, feature) in enumerate(zip(axes, report.space, strict=False)):
        draw_profile(ax, feature, X[:, j], report.gap, color=INK, linewidth=2)
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set_ylabel("gap ΔJ" if j % 3 == 0 else "")
        plain_numbers(ax)
    for spare in axes[d:]:
        spare.remove()
    return figure
