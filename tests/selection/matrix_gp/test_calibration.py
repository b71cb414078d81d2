"""Intervals hold what they promise, on families whose formula is not the model's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from rltransfer.selection import MatrixGP, Measuring, replay
from rltransfer.selection.matrix_gp.outlook import Outlook
from rltransfer.testing.lines import LINES, LineFamily

SIZE, INSTANCES = 40, 6


def inside(matrix, truth, share=0.9):
    """Return how many of the entries of unseen rows lie in their central interval, and how wide
    that is, as a share of what it would be for a return of which nothing is known."""
    new = np.setdiff1d(np.arange(SIZE), matrix.trained)
    belief = Outlook.of(matrix, np.full(SIZE, 1.0 / SIZE))
    rows = belief.forecast.rows(matrix.units_sources[new])
    width = norm.ppf(0.5 + share / 2.0) * rows.spread()
    return (np.abs(truth[new] - rows.means()) <= width).mean(), rows.spread().mean() / truth.std()


@pytest.mark.parametrize("name", [name for name in LINES if name != "failing"])
def test_intervals_hold_about_as_much_where_a_quarter_was_measured(name):
    """What was not measured makes them wider, not wrong."""
    family, held = LineFamily(LINES[name], SIZE), []
    for seed in range(3):
        truth, matrix = family.draw(np.random.default_rng(seed)), family.empty()
        for _ in range(7):
            source = MatrixGP().propose(matrix).index
            chosen = Measuring(10).choose(matrix, source)
            row = truth[source, list(chosen)][:, None]
            matrix = matrix.learn(source, row, measured=chosen)
        held.append(inside(matrix, truth))
    held = np.array(held)  # (instances, (share inside, width))
    assert held[:, 0].mean() >= 0.8
    assert held[:, 1].mean() < 0.8


@pytest.mark.parametrize("name", [name for name in LINES if name != "failing"])
def test_ninety_percent_intervals_hold_about_as_much(name):
    """Of rows that come after 5 and after 10 picks of its own; a mean over instances.

    Families where every training succeeds: a forecast is of a training that does.
    """
    family, held = LineFamily(LINES[name], SIZE), []
    for seed in range(INSTANCES):
        truth = family.draw(np.random.default_rng(seed))
        matrix = replay(MatrixGP(), truth, family.space, family.contexts, family.contexts, 10)
        held.append([inside(matrix.after(k), truth) for k in (5, 10)])
    held = np.array(held)  # (instances, k, (share inside, width))
    assert (held[..., 0].mean(axis=0) >= 0.8).all()
    assert held[..., 0].min() > 0.5
    assert (held[..., 1].mean(axis=0) < 0.7).all()
