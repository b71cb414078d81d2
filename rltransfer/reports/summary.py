"""The numbers of a study, for the page, for `--json` and for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rltransfer.reports.ahead import Ahead
from rltransfer.reports.comparison import Comparison, CoverageCurve, Reference
from rltransfer.reports.cost import Cost, from_nothing
from rltransfer.reports.covered import Covered
from rltransfer.reports.estimate import Estimate
from rltransfer.reports.failed import FailedSource
from rltransfer.reports.known import KnownShare
from rltransfer.reports.measured import Measured
from rltransfer.reports.study import Study
from rltransfer.reports.worst import Worst

__all__ = ["SelectorResult", "Summary"]

FEW_SEEDS = 5


@dataclass(frozen=True)
class SelectorResult:
    """How far one selector came.

    Attributes:
        name: the selector.
        rounds: the last round that all seeds have.
        coverage: V after it.
        lead: V of the study's own selector minus this one's, at the last round that both have;
            None for the own selector itself.
    """

    name: str
    rounds: int
    coverage: Estimate
    lead: Estimate | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "name": self.name,
            "rounds": self.rounds,
            "coverage": self.coverage.to_dict(),
            "lead": None if self.lead is None else self.lead.to_dict(),
        }


@dataclass(frozen=True)
class Summary:
    """The numbers of a study after the last round that all its seeds have; returns are raw.

    Attributes:
        experiment, env, selector: names.
        vary: the features that vary.
        seeds: the training seeds behind the numbers.
        rounds, planned: rounds that all seeds have finished, and that each is to have.
        missing: what is not trained yet, in words; empty when the study is finished.
        failed: which sources failed, and why.
        coverage: V, the mean over targets of the best return.
        score: V on the family's scale from 0 to 1.
        mean_gap, mean_regret: ΔJ and regret, averaged over targets.
        worst: the largest gap.
        covered: which part of the family is covered.
        measured: how much of this was measured, and how much is forecast.
        cost: what was spent, and saved.
        known: what policies from elsewhere, with which the study began, are good for.
        ahead: what another source is expected to win, by seed; empty where nothing is predicted.
        selectors: the own selector, then those it is compared with.
        references: further coverages.
        notes: what to keep in mind, a sentence each.
    """

    experiment: str
    env: str
    selector: str
    vary: tuple[str, ...]
    seeds: tuple[int, ...]
    rounds: int
    planned: int
    missing: tuple[str, ...]
    failed: tuple[FailedSource, ...]
    coverage: Estimate
    score: Estimate
    mean_gap: Estimate
    mean_regret: Estimate
    worst: Worst
    covered: Covered
    measured: Measured
    cost: Cost
    known: tuple[KnownShare, ...]
    ahead: tuple[Ahead, ...]
    selectors: tuple[SelectorResult, ...]
    references: tuple[Reference, ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, study: Study, comparison: Comparison, rng: np.random.Generator) -> Summary:
        """Summarise a study and its comparison."""
        own, score = comparison.own, study.spec.score
        reports = [replicate.gaps[study.rounds - 1] for replicate in study.replicates]
        return cls(
            experiment=study.experiment.name,
            env=study.experiment.env,
            selector=study.selector,
            vary=study.space.names,
            seeds=study.seeds,
            rounds=own.rounds,
            planned=study.experiment.selection.rounds,
            missing=study.missing,
            failed=tuple(FailedSource.of(seed, x, study.space) for seed, x in study.failures),
            coverage=own.final,
            score=own.final.scaled(score.low, score.high),
            mean_gap=Estimate.of_seeds([report.mean_gap for report in reports], rng),
            mean_regret=Estimate.of_seeds([report.mean_regret for report in reports], rng),
            worst=Worst.of(study),
            covered=Covered.of(study, rng),
            measured=Measured.of(study),
            cost=Cost.of(study),
            known=KnownShare.of_study(study),
            ahead=Ahead.of_study(study),
            selectors=tuple(result(own, curve, rng) for curve in curves_of(comparison)),
            references=comparison.references,
            notes=tuple(notes(study)),
        )

    @property
    def finished(self) -> bool:
        """Whether everything that the experiment asks for is trained."""
        return not self.missing

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        words = ("experiment", "env", "selector", "rounds", "planned")
        parts = (
            "coverage",
            "score",
            "mean_gap",
            "mean_regret",
            "worst",
            "covered",
            "measured",
            "cost",
        )
        return {
            **{name: getattr(self, name) for name in words},
            "vary": list(self.vary),
            "seeds": list(self.seeds),
            "finished": self.finished,
            "missing": list(self.missing),
            "failed": [source.to_dict() for source in self.failed],
            **{name: getattr(self, name).to_dict() for name in parts},
            "known": [known.to_dict() for known in self.known],
            "ahead": [ahead.to_dict() for ahead in self.ahead],
            "selectors": [row.to_dict() for row in self.selectors],
            "references": {row.name: row.coverage.to_dict() for row in self.references},
            "notes": list(self.notes),
        }


def curves_of(comparison: Comparison) -> list[CoverageCurve]:
    """Return every curve of a comparison, the oracle's last."""
    return [*comparison.curves, *([comparison.oracle] if comparison.oracle else [])]


def result(own: CoverageCurve, curve: CoverageCurve, rng: np.random.Generator) -> SelectorResult:
    """Compare a selector with the study's own."""
    lead = None if curve is own else own.lead(curve, rng)
    return SelectorResult(curve.name, curve.rounds, curve.final, lead)


def notes(study: Study) -> list[str]:
    """Say what limits the numbers."""
    seeds, episodes = len(study.seeds), study.experiment.evaluation.episodes
    said = []
    if seeds == 1:
        said.append(
            "One training seed: there is no interval over seeds, and another seed may give other "
            "numbers. At least 5 seeds make an interval."
        )
    elif seeds < FEW_SEEDS:
        said.append(
            f"Only {seeds} training seeds: an interval over fewer than {FEW_SEEDS} seeds is rough."
        )
    rounds = {len(replicate.own.picks) for replicate in study.replicates}
    if len(rounds) > 1 and any(replicate.own.stopped for replicate in study.replicates):
        said.append(
            f"Seeds stopped after different rounds; the numbers are those after round "
            f"{study.rounds}, the last that all have."
        )
    if episodes == 1:
        said.append("One episode per target: the gaps have no interval over episodes.")
    if measured := Measured.of(study).sentence:
        said.append(measured)
    if study.experiment.inherits:
        said.append(inheritance(study))
    return said


def inheritance(study: Study) -> str:
    """Say what it means for the numbers that sources inherit."""
    alone = sum(len(from_nothing(replicate)) for replicate in study.replicates)
    every = len(study.targets) * len(study.seeds)
    said = (
        "Each source but the first is trained from those before it, so a policy depends on the "
        "order, and selectors may have different policies of one context."
    )
    if alone < every:
        trainings = "1 training" if alone == 1 else f"{alone} trainings"
        said += (
            f" The steps saved are measured against {trainings} from nothing; "
            "compare = ['independent'] would train all."
        )
    return said
