"""Gaps against the distance between contexts, with the law that is fitted to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rltransfer.experiment.gap_study.law import GapLaw, displacements
from rltransfer.reports.figures.style import (
    COLORS,
    GREY,
    INK,
    panels,
    plain_numbers,
    share_y_labels,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rltransfer.experiment.gap_study import GapStudy

__all__ = ["distance_figure"]

Array = NDArray[np.float64]
PANELS = 3
"""Side by side."""

MOST_POINTS = 1500
"""Drawn in one panel; of more, a part from everywhere."""


@styled
def distance_figure(study: GapStudy) -> Figure:
    """Draw the gaps of all policies against the displacement along each feature, and the law.

    A point is a policy in a context, less what the law says of the other features.
    """
    law, space = study.law, study.ground.space
    assert law is not None
    x, y, gaps, _ = displacements(study.rows, space, study.ground.targets)
    figure, axes = panels(len(space), PANELS, (7.2 if len(space) == 1 else 3.4, 3.2))
    whole = [law.along(j, y[:, j] - x[:, j]) for j in range(len(space))]
    for j, (ax, feature) in enumerate(zip(axes, space, strict=True)):
        apart = y[:, j] - x[:, j]
        rest = gaps - sum((part for i, part in enumerate(whole) if i != j), np.zeros(len(gaps)))
        draw_law(ax, law, j, apart, rest)
        ax.set_xlabel(
            f"{feature.name}: context − training context\n(unit lengths, {feature.scale})"
        )
        ax.set_ylabel("gap ΔJ")
    share_height(axes)
    share_y_labels(axes, PANELS)
    return figure


def share_height(axes: list[Axes]) -> None:
    """Give all panels the range of gaps that holds every panel's."""
    low, high = zip(*(ax.get_ylim() for ax in axes), strict=True)
    for ax in axes:
        ax.set_ylim(min(low), max(high))


def draw_law(ax: Axes, law: GapLaw, j: int, apart: Array, gaps: Array) -> None:
    """Draw the points and the law along feature j."""
    shown = slice(None, None, max(1, len(apart) // MOST_POINTS))
    ax.axhline(0.0, color=GREY, linewidth=0.8)
    ax.axvline(0.0, color=GREY, linewidth=0.8)
    ax.scatter(apart[shown], gaps[shown], s=7, color=COLORS[0], alpha=0.25, linewidths=0,
               rasterized=True)  # fmt: skip
    way = np.linspace(apart.min(), apart.max(), 301)
    ax.plot(way, law.along(j, way), color=INK, linewidth=2.2)
    plain_numbers(ax)
