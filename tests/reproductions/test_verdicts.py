from __future__ import annotations

import pytest

from rltransfer.reports.estimate import Estimate
from rltransfer.reproductions.measurements import Measurements, Picture
from rltransfer.reproductions.reproduction import Budget
from rltransfer.reproductions.statements import Claim, Report
from rltransfer.reproductions.verdicts import (
    Finding,
    Verdict,
    claim_finding,
    number_finding,
    verdict_of,
)

AGREES, DIFFERS, NOT = Verdict.AGREES, Verdict.DIFFERS, Verdict.NOT_COMPARABLE
PLAIN = Budget(seeds=[0], hours=1.0)
EMPTY = Picture("x", "y", {})


def found(missing: dict[str, str] | None = None, **numbers: tuple[float, ...]) -> Measurements:
    estimates = {
        name: Estimate(sum(values) / len(values), None, None, values)
        for name, values in numbers.items()
    }
    return Measurements(estimates, EMPTY, missing or {})


def report(value: float, incomparable: str | None = None) -> Report:
    return Report(where="table 1", tolerance=0.05, numbers={"a": value}, incomparable=incomparable)


def claim(smaller: str | float = "b", tie: float = 0.01) -> Claim:
    return Claim(says="a is above b", larger="a", smaller=smaller, tie=tie, where="abstract")


@pytest.mark.parametrize(("ours", "verdict"), [(0.54, AGREES), (0.56, DIFFERS), (0.44, DIFFERS)])
def test_a_number_agrees_within_its_tolerance(ours: float, verdict: Verdict) -> None:
    finding = number_finding(report(0.5), "a", PLAIN, found(a=(ours,)))
    assert finding.verdict is verdict
    assert "the tolerance of 0.05" in finding.reason


def test_reasons_not_to_compare_come_first() -> None:
    rehearsal = Budget(seeds=[0], hours=1.0, incomparable="few contexts", rehearsal="untrained")
    small = Budget(seeds=[0], hours=1.0, incomparable="few contexts")
    same = found(a=(0.5,), b=(0.1,))
    told = report(0.5, "other physics")
    assert number_finding(told, "a", rehearsal, same).reason == "untrained"
    assert number_finding(told, "a", small, same).reason == "other physics"
    assert number_finding(report(0.5), "a", small, same).reason == "few contexts"
    assert claim_finding(claim(), small, same).verdict is AGREES, "an order needs no numbers"
    assert claim_finding(claim(), rehearsal, same).verdict is NOT
    assert number_finding(told, "a", PLAIN, same).ours is not None, "ours is told all the same"


@pytest.mark.parametrize(
    ("a", "b", "verdict", "words"),
    [
        ((0.5,), (0.4,), AGREES, "with one seed"),
        ((0.3,), (0.4,), DIFFERS, "with one seed"),
        ((0.405,), (0.4,), NOT, "too close to tell"),
        ((0.9, 0.8, 0.7), (0.5, 0.4, 0.3), AGREES, "+0.4"),
        ((0.9, 0.1, 0.5), (0.1, 0.8, 0.4), NOT, "the interval over 3 seeds holds 0"),
    ],
)
def test_an_order_is_judged_seed_by_seed(
    a: tuple[float, ...], b: tuple[float, ...], verdict: Verdict, words: str
) -> None:
    finding = claim_finding(claim(), PLAIN, found(a=a, b=b))
    assert finding.verdict is verdict
    assert words in finding.reason
    assert finding.ours is not None
    assert finding.ours.value == pytest.approx(sum(a) / len(a) - sum(b) / len(b))


def test_an_order_may_be_against_a_plain_number() -> None:
    assert claim_finding(claim(0.9), PLAIN, found(a=(0.95,))).verdict is AGREES


def test_what_was_not_reached_differs_and_what_was_not_measured_is_not_compared() -> None:
    never = found(missing={"a": "never within 5 sources"})
    assert number_finding(report(1.0), "a", PLAIN, never).verdict is DIFFERS
    finding = number_finding(report(1.0), "a", PLAIN, found())
    assert (finding.verdict, finding.reason) == (NOT, "a is not measured at this budget")
    assert claim_finding(claim(), PLAIN, found(a=(1.0,))).reason.startswith("b is not measured")


def finding(verdict: Verdict, reason: str = "why") -> Finding:
    return Finding("a", "table 1", 1.0, False, None, verdict, reason)


@pytest.mark.parametrize(
    ("verdicts", "whole", "words"),
    [
        ([AGREES, AGREES], AGREES, "2 of 2 comparable statements agree"),
        ([AGREES, DIFFERS, NOT], DIFFERS, "1 of 2 comparable statements agree; 1 not comparable"),
        ([NOT, NOT], NOT, "why"),
        ([], NOT, "nothing is published in numbers"),
    ],
)
def test_all_together(verdicts: list[Verdict], whole: Verdict, words: str) -> None:
    assert verdict_of([finding(verdict) for verdict in verdicts]) == (whole, words)
