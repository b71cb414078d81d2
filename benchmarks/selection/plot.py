"""Scores and intervals of all contenders, a panel for each kind of matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from contenders import LABELS
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scores import Score

Rows = Mapping[str, Mapping[str, Score | None]]
OURS, OTHERS = "#d55e00", "#0b5c8e"
COLUMNS = 3
LEAST = -0.6
"""Scores below are drawn at the edge, with their number."""


def draw(rows: Rows, ours: str, path: Path) -> None:
    """Draw a panel for each column, the best contender at the top."""
    mpl.rcParams["svg.hashsalt"] = "rltransfer"
    names = ordered(rows)
    panels = [p for p in next(iter(rows.values())) if any(rows[name][p] for name in names)]
    lines = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(10.0, 0.5 + lines * (0.7 + 0.22 * len(names))), layout="constrained")
    axes = figure.subplots(lines, COLUMNS, sharey=True, squeeze=False).ravel()
    for axis, panel in zip(axes, panels, strict=False):
        for height, name in enumerate(names):
            dot(axis, height, rows[name][panel], OURS if name == ours else OTHERS)
        dress(axis, panel)
    for axis in axes[len(panels) :]:
        axis.remove()
    for axis in axes[: len(panels) : COLUMNS]:
        label(axis, names, ours)
    figure.supxlabel("score: 0 as good as random, 1 as good as the sequential oracle", fontsize=9)
    for suffix, metadata in (("svg", {"Date": None}), ("png", {})):
        figure.savefig(path.with_suffix(f".{suffix}"), dpi=130, metadata=metadata)


def ordered(rows: Rows) -> Sequence[str]:
    """Return the contenders by their mean over all panels, the worst first; a gap counts 0."""
    means = {
        name: np.mean([score.mean if score else 0.0 for score in row.values()])
        for name, row in rows.items()
    }
    return sorted(means, key=lambda name: means[name])


def label(axis: Axes, names: Sequence[str], ours: str) -> None:
    """Name the contenders at the left."""
    axis.set_yticks(range(len(names)), [LABELS.get(name, name) for name in names])
    for name, tick in zip(names, axis.get_yticklabels(), strict=True):
        if name == ours:
            tick.set(color=OURS, fontweight="bold")


def dot(axis: Axes, height: int, score: Score | None, color: str) -> None:
    """Draw one score with its interval."""
    if score is None:
        return
    if score.mean < LEAST:
        axis.text(LEAST, height, f"◂ {score.mean:.1f}", color=color, fontsize=8, va="center")
        return
    axis.plot([max(score.low, LEAST), score.high], [height, height], color=color, lw=2.0, alpha=0.5)
    axis.plot(score.mean, height, "o", color=color, ms=4.5)


def dress(axis: Any, panel: str) -> None:
    """Mark random and the oracle."""
    axis.set_title(panel, fontsize=10, loc="left")
    axis.set_xlim(LEAST - 0.05, 1.08)
    axis.set_xticks([-0.5, 0.0, 0.5, 1.0], ["-0.5", "0", "0.5", "1"])
    for at in (0.0, 1.0):
        axis.axvline(at, color="#444444", lw=0.8, zorder=0)
    axis.grid(axis="y", alpha=0.25)
    axis.tick_params(length=0, labelsize=9)
    for side in ("top", "right", "left", "bottom"):
        axis.spines[side].set_visible(False)
