"""Does what we measured agree with what was published? One verdict per statement, one for all.

A number agrees within its tolerance. A statement that one quantity is larger agrees or differs by
the sign of the difference, unless that is too small to tell: within the statement's tie, or with
an interval over seeds that holds 0. What cannot be compared says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from rltransfer.reports.estimate import Estimate
from rltransfer.reproductions.measurements import Measurements
from rltransfer.reproductions.reproduction import Budget, Reproduction
from rltransfer.reproductions.statements import Claim, Report

__all__ = ["Finding", "Verdict", "judged", "verdict_of"]

SEED = 0
"""Of the resamples behind the intervals of differences."""


class Verdict(StrEnum):
    """What a comparison comes to."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class Finding:
    """One published statement beside what we found.

    Attributes:
        says: the statement.
        where: its place in the publication.
        published: the number; of an order, the least difference that would tell.
        is_order: whether one quantity was published as larger than another.
        ours: our number, or difference; None where there is none.
        verdict: what it comes to.
        reason: why, as half a sentence.
    """

    says: str
    where: str
    published: float
    is_order: bool
    ours: Estimate | None
    verdict: Verdict
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "says": self.says,
            "where": self.where,
            "published": self.published,
            "is_order": self.is_order,
            "ours": None if self.ours is None else self.ours.to_dict(),
            "verdict": str(self.verdict),
            "reason": self.reason,
        }


def judged(reproduction: Reproduction, budget: Budget, found: Measurements) -> list[Finding]:
    """Hold every published statement against what was measured."""
    numbers = [
        number_finding(report, quantity, budget, found)
        for report in reproduction.reports
        for quantity in report.numbers
    ]
    return numbers + [claim_finding(claim, budget, found) for claim in reproduction.claims]


def verdict_of(findings: Sequence[Finding]) -> tuple[Verdict, str]:
    """Return the verdict on all statements together, and the reason for it."""
    compared = [x for x in findings if x.verdict is not Verdict.NOT_COMPARABLE]
    if not compared:
        reasons = dict.fromkeys(x.reason for x in findings)
        return Verdict.NOT_COMPARABLE, "; ".join(reasons) or "nothing is published in numbers"
    agree = sum(x.verdict is Verdict.AGREES for x in compared)
    told = f"{agree} of {len(compared)} comparable statements agree"
    left = len(findings) - len(compared)
    told += f"; {left} not comparable" if left else ""
    return Verdict.AGREES if agree == len(compared) else Verdict.DIFFERS, told


def number_finding(report: Report, quantity: str, budget: Budget, found: Measurements) -> Finding:
    """Hold a published number against ours."""
    published, ours = report.numbers[quantity], found.numbers.get(quantity)
    if why := budget.rehearsal or report.incomparable or budget.incomparable:
        verdict, reason = Verdict.NOT_COMPARABLE, why
    elif ours is None:
        verdict, reason = absent(quantity, found)
    else:
        verdict, reason = nearness(abs(ours.value - published), report.tolerance)
    return Finding(quantity, report.where, published, False, ours, verdict, reason)


def nearness(apart: float, tolerance: float) -> tuple[Verdict, str]:
    """Return the verdict on two numbers, and why."""
    near = apart <= tolerance
    told = f"{apart:.3g} apart, {'within' if near else 'beyond'} the tolerance of {tolerance:g}"
    return Verdict.AGREES if near else Verdict.DIFFERS, told


def claim_finding(claim: Claim, budget: Budget, found: Measurements) -> Finding:
    """Hold a published order against ours."""
    lacking = next((name for name in quantities(claim) if name not in found.numbers), None)
    ours = None if lacking else difference(claim, found)
    if why := budget.rehearsal or claim.incomparable:
        verdict, reason = Verdict.NOT_COMPARABLE, why
    elif ours is None:
        verdict, reason = absent(str(lacking), found)
    else:
        verdict, reason = order_verdict(ours, claim.tie)
    return Finding(claim.says, claim.where, claim.tie, True, ours, verdict, reason)


def quantities(claim: Claim) -> Iterator[str]:
    """Yield the names that a claim compares."""
    yield claim.larger
    if isinstance(claim.smaller, str):
        yield claim.smaller


def difference(claim: Claim, found: Measurements) -> Estimate:
    """Return how much larger the one is, seed by seed."""
    larger = found.numbers[claim.larger].per_seed
    if isinstance(claim.smaller, str):
        smaller = found.numbers[claim.smaller].per_seed
    else:
        smaller = (claim.smaller,) * len(larger)
    return Estimate.of_pairs(larger, smaller, np.random.default_rng(SEED))


def order_verdict(ours: Estimate, tie: float) -> tuple[Verdict, str]:
    """Return the verdict on a difference that was published as positive, and why."""
    if abs(ours.value) <= tie:
        return Verdict.NOT_COMPARABLE, "too close to tell"
    if ours.low is not None and ours.high is not None and ours.low <= 0.0 <= ours.high:
        seeds = f"{len(ours.per_seed)} seeds"
        return Verdict.NOT_COMPARABLE, f"{ours.value:+.3g}, but the interval over {seeds} holds 0"
    one = ", with one seed" if len(ours.per_seed) == 1 else ""
    verdict = Verdict.AGREES if ours.value > 0.0 else Verdict.DIFFERS
    return verdict, f"{ours.value:+.3g}{one}"


def absent(name: str, found: Measurements) -> tuple[Verdict, str]:
    """Return the verdict where we have no number: a quantity that was not reached differs."""
    if name in found.missing:
        return Verdict.DIFFERS, found.missing[name]
    return Verdict.NOT_COMPARABLE, f"{name} is not measured at this budget"
