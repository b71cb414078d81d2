"""The gain of V that was predicted for each source, and the gain that it brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from rltransfer.contexts import Context
from rltransfer.reports.expectations import Expectation
from rltransfer.reports.figures.style import GREY, mark_source, plain_numbers, styled
from rltransfer.reports.words import number

__all__ = ["expectation_figure"]


@styled
def expectation_figure(expected: Sequence[Expectation], colors: Mapping[Context, str]) -> Figure:
    """Draw a disc for each round, at its predicted and its realised gain.

    Args:
        expected: the rounds, at least one.
        colors: of the sources.
    """
    figure = Figure(figsize=(5.2, 4.2))
    ax = figure.subplots()
    x = np.array([e.predicted_gain for e in expected])
    y = np.array([e.gain for e in expected])
    error = np.array([e.error or 0.0 for e in expected])
    ends = np.array([min(0.0, (x - error).min(), y.min()), max((x + error).max(), y.max())])
    ends += 0.08 * max(np.ptp(ends), 1e-9) * np.array([-1.0, 1.0])
    ax.plot(ends, ends, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    ax.errorbar(x, y, xerr=error, fmt="none", ecolor=GREY, elinewidth=1.1, capsize=2, zorder=2)
    for e in expected:
        mark_source(ax, e.predicted_gain, e.gain, str(e.round), colors[e.source])
    ax.set(xlim=ends, ylim=ends, xlabel="predicted gain of V", ylabel="realised gain of V")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    plain_numbers(ax)
    return figure
