"""Figures beside a run's study in the dashboard: the matrix, the gaps, what was expected.

The dashboard keeps a figure as text in the study and sends all of it at every poll, so these are
small: lists of rounded numbers, no template, at most a hundred targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.transfer import TransferMatrix

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["expectation_plot", "gap_plot", "matrix_plot"]

WIDEST = 100
"""Most targets in a figure."""

ROUNDS = 6
"""Most rounds whose gaps are drawn."""

DARK, GREY = "#1b6f7a", "#9a9a9a"


def matrix_plot(transfer: TransferMatrix) -> Any:
    """Draw the transfer matrix so far as a heat map, a row per source in the order trained."""
    import plotly.graph_objects as go

    shown, title = shown_targets(transfer), axis_title(transfer)
    heat = go.Heatmap(
        z=transfer.mean[:, shown].round(2).tolist(),
        x=[tick(transfer.targets[j]) for j in shown],
        y=[f"{k + 1}: {tick(transfer.sources[i])}" for k, i in enumerate(transfer.trained)],
        colorscale="Viridis",
        colorbar={"title": "return"},
    )
    layout = plain("Transfer matrix", f"target: {title}", f"source, in order: {title}")
    layout["xaxis"] |= {"type": "category", "nticks": 12}
    layout["yaxis"] |= {"type": "category"}
    return go.Figure(heat, layout=layout)


def gap_plot(transfer: TransferMatrix) -> Any:
    """Draw the gap of each target after each of the last rounds: at home less there."""
    import plotly.graph_objects as go

    shown, K = shown_targets(transfer), len(transfer.trained)
    x = [tick(transfer.targets[j]) for j in shown]
    gaps = {k: gaps_after(transfer.after(k)) for k in range(max(1, K - ROUNDS + 1), K + 1)}
    lines = [
        go.Scatter(
            x=x,
            y=numbers(gap[shown]),
            mode="lines+markers",
            name=f"round {k}: mean {np.nanmean(gap):.1f}",
            line={"color": DARK if k == K else GREY, "width": 2.5 if k == K else 1},
            opacity=0.35 + 0.65 * k / K,
        )
        for k, gap in gaps.items()
    ]
    layout = plain("Gaps after each round", f"target: {axis_title(transfer)}", "gap, in returns")
    layout["xaxis"] |= {"type": "category", "nticks": 12}
    return go.Figure(lines, layout=layout)


def expectation_plot(trials: Sequence[FrozenTrial]) -> Any:
    """Draw what each source was expected to add to V, and what it added.

    Args:
        trials: of one selector; those of which nothing was expected are left out.
    """
    import plotly.graph_objects as go

    told = [t for t in trials if {"predicted_gain", "gain"} <= t.user_attrs.keys()]
    x = [t.user_attrs["predicted_gain"] for t in told]
    y = [t.user_attrs["gain"] for t in told]
    error = [t.user_attrs.get("predicted_error", 0.0) for t in told]
    ends = [min([0.0, *x, *y]), max([0.0, *x, *y])]
    figures = [
        go.Scatter(x=ends, y=ends, mode="lines", name="as expected",
                   line={"color": GREY, "dash": "dash"}),
        go.Scatter(x=x, y=y, mode="markers+text", name="source", marker={"color": DARK, "size": 10},
                   text=[str(t.number + 1) for t in told], textposition="top center",
                   error_x={"type": "data", "array": error, "color": GREY}),
    ]  # fmt: skip
    return go.Figure(figures, layout=plain("Forecast and outcome", "expected gain of V", "gain"))


def gaps_after(transfer: TransferMatrix) -> NDArray[np.float64]:
    """Return the gap of each target (M,): its policy's return at home less its return there."""
    there, home = transfer.covering_returns
    return np.where(transfer.seen, home.mean(axis=1) - there.mean(axis=1), np.nan)


def shown_targets(transfer: TransferMatrix) -> NDArray[np.intp]:
    """Return the indices of at most `WIDEST` targets, evenly over all."""
    last = len(transfer.targets) - 1
    return np.unique(np.linspace(0, last, WIDEST).round().astype(np.intp))


def numbers(values: NDArray[np.float64]) -> list[float | None]:
    """Return values as JSON can hold them."""
    return [None if np.isnan(value) else round(float(value), 2) for value in values]


def axis_title(transfer: TransferMatrix) -> str:
    """Return the varied features with their units."""
    return ", ".join(f"{feature.name} ({feature.unit})" for feature in transfer.space)


def plain(title: str, x: str, y: str) -> dict[str, Any]:
    """Return what all figures have in common."""
    return {
        "title": title,
        "xaxis": {"title": x},
        "yaxis": {"title": y, "automargin": True},
        "template": "none",
        "margin": {"b": 90},
    }


def tick(context: Context) -> str:
    """Return a context's values, short enough for an axis."""
    return ", ".join(f"{value:.5g}" for value in context.values())
