"""Following a plan: K candidates fixed beforehand, in an order in which every prefix is useful.

Notation
    u(x)   position of a context on the unit cube [0, 1]^d; distances are L1
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidExperiment
from rltransfer.selection.acquisition import expected_gain
from rltransfer.selection.base import Proposal, first_best, untrained
from rltransfer.transfer import TransferMatrix

__all__ = ["DIGITS", "distance_saved", "follow", "nearest_source", "nearest_to", "require_budget"]

Array = NDArray[np.float64]
DIGITS = 12
"""Distances that agree to so many decimals are equal."""


def require_budget(name: str, budget: int) -> None:
    """Raise unless a budget is at least 1."""
    if budget < 1:
        raise InvalidExperiment(f"the budget of {name!r} must be at least 1; got {budget}.")


def follow(plan: list[int], transfer: TransferMatrix, what: str) -> Proposal:
    """Propose the source of a plan that shortens the targets' mean distance most.

    Once all are trained, the same rule chooses among all candidates.
    """
    candidates = untrained(transfer)
    planned = np.intersect1d(plan, candidates)
    index = first_best(distance_saved(transfer), planned if len(planned) else candidates)
    reason = f"one of {what}" if len(planned) else f"the {what} are trained: fills the largest hole"
    return Proposal(index, transfer.sources[index], reason)


def nearest_to(points: Array, transfer: TransferMatrix) -> list[int]:
    """Return the candidate nearest to each point of the candidates' range, none twice.

    Args:
        points: on a unit cube that is stretched over the candidates, shape (K, d).
        transfer: the candidates; all of them are returned if there are fewer than K.
    """
    units = transfer.units_sources
    low, high = units.min(axis=0), units.max(axis=0)
    free, chosen = np.ones(len(units), dtype=bool), list[int]()
    for point in (low + (high - low) * points)[: len(units)]:
        distance = np.abs(units - point).sum(axis=1).round(DIGITS)
        chosen.append(first_best(-distance, np.flatnonzero(free)))
        free[chosen[-1]] = False
    return chosen


def nearest_source(transfer: TransferMatrix, units: Array) -> Array:
    """Return the distance (n,) of some points (n, d) to the nearest trained source.

    Before any is trained it is d + 1, farther than any two points of the unit cube.
    """
    distance = np.full(len(units), units.shape[1] + 1.0)
    for index in transfer.trained:
        to_source = np.abs(units - transfer.units_sources[index]).sum(axis=1)
        np.minimum(distance, to_source, out=distance)
    return distance.round(DIGITS)


def distance_saved(transfer: TransferMatrix) -> Array:
    """Return by how much each candidate would shorten the targets' mean distance, (N,).

    This is the expected gain of coverage where every set point is 0 and every slope 1.
    """
    X, Y = transfer.units_sources, transfer.units_targets
    reached = -nearest_source(transfer, Y)
    saved = expected_gain(np.zeros(len(X)), X, Y, np.ones(X.shape[1]), reached)
    return saved.round(DIGITS)
