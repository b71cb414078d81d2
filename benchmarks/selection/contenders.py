"""What is compared: every registered selector, and even spacing planned for each budget."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields

from instance import Instance

from rltransfer.selection import SELECTORS, make_selector

PER_BUDGET = "equidistant-per-budget"
"""Not a selector: its plan is another one for every k, so that its curve is nobody's study."""

LABELS = {"equidistant": "equidistant (planned)", PER_BUDGET: "equidistant per budget"}
"""Names in tables, where they differ from those of the registry."""


@dataclass(frozen=True)
class Outcome:
    """What one contender did on one instance.

    Attributes:
        curve: coverage after 1 … K sources.
        picks: the sources in order; empty where each budget has its own.
        seconds: of CPU per decision; None where nothing is decided.
    """

    curve: list[float]
    picks: list[int]
    seconds: float | None


def contenders() -> list[str]:
    """Return the names of all that can be compared."""
    return [*SELECTORS, PER_BUDGET]


def is_for(name: str, instance: Instance) -> bool:
    """Say whether a contender is to be tried; a selector may still refuse."""
    return name in SELECTORS or len(instance.space) == 1


def draws(name: str) -> bool:
    """Say whether a contender depends on its seed."""
    return name in SELECTORS and "seed" in {f.name for f in fields(SELECTORS[name])}


def outcome_of(name: str, instance: Instance, seed: int) -> Outcome:
    """Run a contender to the last round.

    It is told the number of rounds and, if it normalises returns, their true range, as the
    published experiments do.

    Raises:
        InvalidExperiment: if the selector cannot work on such contexts.
    """
    if name == PER_BUDGET:
        return Outcome(instance.evenly_spaced().tolist(), [], None)
    bounds = float(instance.truth.min()), float(instance.truth.max())
    selector = make_selector(name, seed=seed, budget=instance.rounds, score=bounds)
    began = time.process_time()
    found = instance.select(selector)
    seconds = (time.process_time() - began) / instance.rounds
    return Outcome(found.coverage_curve().tolist(), list(found.trained), seconds)
