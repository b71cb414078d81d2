"""How long a study takes on so many workers, and what that costs: bounds, not a promise.

Notation
    W      workers, one core each
    C      core-seconds of one seed: its trainings and evaluations
    L      the longest chain of trainings that wait for each other: K rounds of a lane
    T      seconds that pass

A greedy schedule (Graham 1966, "Bounds for certain multiprocessing anomalies") obeys

    max(C / W, L)  ≤  T  ≤  C / W + L (1 - 1/W)

so beyond W = C / L further workers hardly help. Seeds are runs of their own, one after another.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rltransfer.experiment.planning.rates import Range, Rates
from rltransfer.experiment.planning.workload import Workload

__all__ = ["Plan", "Seat", "make_plan"]

HOUR = 3600.0

START = Range(2.0, 6.0)
"""Seconds in which a new worker imports its libraries and loads compiled loops; see performance."""


@dataclass(frozen=True)
class Seat:
    """A backend with so many workers.

    Attributes:
        backend: its name.
        workers: W.
        hours: that pass.
        core_hours: that are paid for.
        cost: of the core hours; None without a price.
    """

    backend: str
    workers: int
    hours: Range
    core_hours: Range
    cost: Range | None


@dataclass(frozen=True)
class Plan:
    """What a study will take.

    Attributes:
        workload: its amounts.
        rates: what one core does.
        work: core-hours of all seeds.
        chain: hours of what must happen one after another, of all seeds.
        useful: workers beyond which further ones hardly help.
        seats: hours and cost by backend.
    """

    workload: Workload
    rates: Rates
    work: Range
    chain: Range
    useful: int
    seats: tuple[Seat, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        amounts = ("policies", "training_steps", "evaluation_episodes", "evaluation_steps")
        return {
            **{name: getattr(self.workload, name) for name in amounts},
            **asdict(self),
        }


def make_plan(
    workload: Workload, rates: Rates, seats: Sequence[tuple[str, int]], price: float | None = None
) -> Plan:
    """Estimate hours and cost.

    Args:
        workload: the study's amounts.
        rates: what one core does.
        seats: names of backends, each with a number of workers.
        price: of a core-hour, in any currency.
    """
    policy = training(workload, rates, 1).plus(playing(workload, rates, workload.targets))
    single = Range(policy.low * workload.singles[0], policy.high * workload.singles[1])
    everywhere = playing(workload, rates, workload.everywhere)
    whole = training(workload, rates, workload.rounds).plus(everywhere)
    work = single.plus(whole.times(workload.many)).plus(everywhere.times(workload.known))
    chain = policy.times(workload.rounds)
    if workload.many:
        chain = Range(max(chain.low, whole.low), max(chain.high, whole.high))
    hours = workload.seeds / HOUR
    study = Plan(
        workload=workload,
        rates=rates,
        work=work.times(hours),
        chain=chain.times(hours),
        useful=max(1, math.ceil(work.high / chain.high)),
        seats=(),
    )
    return replace(study, seats=tuple(seat(study, name, W, price) for name, W in seats))


def training(workload: Workload, rates: Rates, budgets: int) -> Range:
    """Return the seconds of a training with so many sources' steps."""
    return rates.train.times(workload.steps * budgets)


def playing(workload: Workload, rates: Rates, targets: int) -> Range:
    """Return the seconds of one policy's evaluation: from the episodes seen to whole ones."""
    episodes = targets * workload.episodes
    longest = max(rates.episode.high, float(workload.horizon))
    return Range(
        rates.play.low * rates.episode.low * episodes, rates.play.high * longest * episodes
    )


def seat(plan: Plan, backend: str, workers: int, price: float | None) -> Seat:
    """Return what the study takes with so many workers of a backend."""
    low = max(plan.work.low / workers, plan.chain.low)
    high = plan.work.high / workers + plan.chain.high * (1 - 1 / workers)
    hours = Range(low, high).plus(START.times(plan.workload.seeds / HOUR))
    paid = PAID.get(backend, held)(plan, workers, hours)
    cost = None if price is None else paid.times(price)
    return Seat(backend, workers, hours, paid, cost)


def held(plan: Plan, workers: int, hours: Range) -> Range:
    """Return the core-hours of workers that are held all the time."""
    return hours.times(workers)


def queued(plan: Plan, workers: int, hours: Range) -> Range:
    """Return the core-hours of jobs, each of which starts a worker and ends it."""
    return plan.work.plus(START.times(plan.workload.policies / HOUR))


PAID = {"slurm": queued}
"""How core-hours are counted where workers are not held all the time."""
