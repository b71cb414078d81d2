"""One figure per reproduction: our curves and levels, and the published points among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rltransfer.files import write_bytes
from rltransfer.reports.drawing import rendered
from rltransfer.reports.figures.coverage import write_labels
from rltransfer.reports.figures.style import COLORS, GREY, INK, plain_numbers, styled
from rltransfer.reproductions.measurements import Curve, Picture
from rltransfer.reproductions.verdicts import Finding

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_picture", "picture_figure"]

KINDS = ("svg", "png")
APART = 0.06
"""Distance of the points of one category."""

POINT = re.compile(r"(?P<curve>.+)@(?P<x>\d+)")


def draw_picture(picture: Picture, findings: Sequence[Finding], path: Path) -> None:
    """Write the figure as SVG and PNG.

    Args:
        picture: what is drawn.
        findings: published numbers such as `random@5` become points.
        path: without ending.

    Raises:
        StorageError: if a file cannot be written.
    """
    figure = picture_figure(picture, findings)
    for kind in KINDS:
        write_bytes(path.with_name(f"{path.name}.{kind}"), rendered(figure, kind))


@styled
def picture_figure(picture: Picture, findings: Sequence[Finding]) -> Figure:
    """Draw the curves, each with its name at its end, and what was published."""
    figure = Figure(figsize=(7.2, 4.4))
    ax = figure.subplots()
    colors = dict(zip(picture.curves, cycle(COLORS), strict=False))
    labels = [(curve.y[-1], name, colors[name]) for name, curve in picture.curves.items()]
    for name, x, curve in placed(picture):
        style, size = ("o", 7) if picture.ticks else ("o-", 3)  # between categories is nothing
        ax.plot(x, curve.y, style, color=colors[name], linewidth=1.6, markersize=size)
    for name, level in picture.levels.items():
        ax.axhline(level, color=GREY, linewidth=1.0, linestyle="--")
        labels.append((level, name, GREY))
    published = draw_published(ax, picture, findings, colors)
    ax.set_xlabel(picture.x_label)
    ax.set_ylabel(picture.y_label)
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    if picture.ticks:
        ax.set_xticks(range(len(picture.ticks)), picture.ticks)
    plain_numbers(ax)
    write_labels(ax, labels)
    if published:
        ax.set_title("crosses: published", fontsize=9, color=INK)
    return figure


def placed(picture: Picture) -> Iterator[tuple[str, list[float], Curve]]:
    """Yield each curve with where its points lie: side by side where x is a category."""
    apart = APART if picture.ticks else 0.0
    for i, (name, curve) in enumerate(picture.curves.items()):
        shift = apart * (i - (len(picture.curves) - 1) / 2)
        yield name, [x + shift for x in curve.x], curve


def draw_published(
    ax: Axes, picture: Picture, findings: Sequence[Finding], colors: dict[str, str]
) -> int:
    """Mark published points of curves; return how many there are."""
    told = [(POINT.fullmatch(finding.says), finding.published) for finding in findings]
    points = [(match, value) for match, value in told if match and match["curve"] in picture.curves]
    for match, value in points:
        ax.plot([float(match["x"])], [value], "x", color=colors[match["curve"]], markersize=8,
                markeredgewidth=2.0)  # fmt: skip
    return len(points)
