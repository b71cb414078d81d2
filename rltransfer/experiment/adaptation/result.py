"""What an adaptation came to: every arm's training, and the field's measures of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rltransfer.experiment.adaptation.choice import Choice
from rltransfer.experiment.adaptation.spec import REFERENCE, AdaptationSpec
from rltransfer.experiment.solo.record import SoloRecord
from rltransfer.transfer.adaptation import (
    AdaptationMetrics,
    LearningCurve,
    compared,
    threshold_of,
)

__all__ = ["Adaptation", "Arm"]

FORMAT = 1


@dataclass(frozen=True)
class Arm:
    """One way of going on.

    Attributes:
        name: its trainer.
        record: of its training.
        curve: its scores over the steps that all arms have.
        metrics: of this curve.
    """

    name: str
    record: SoloRecord
    curve: LearningCurve
    metrics: AdaptationMetrics


@dataclass(frozen=True)
class Adaptation:
    """All arms on one target.

    Attributes:
        spec: what was asked for.
        choice: the policy that the warm arms began with, and what finding it took.
        records: the trainings by trainer, in order.
    """

    spec: AdaptationSpec
    choice: Choice
    records: Mapping[str, SoloRecord]

    @cached_property
    def curves(self) -> dict[str, LearningCurve]:
        """The learning curves, cut to the steps that all of them have."""
        return compared(
            {name: LearningCurve.of(record.curve) for name, record in self.records.items()}
        )

    @property
    def reference(self) -> LearningCurve | None:
        """The curve without a head start, if it was asked for."""
        return self.curves.get(REFERENCE)

    @property
    def floor(self) -> float:
        """From where areas are measured: the low end of the family's scores."""
        return self.spec.experiment.environment.spec.score.low

    @property
    def low(self) -> float:
        """The score of knowing nothing: of the reference's start, else the floor."""
        return self.floor if self.reference is None else self.reference.start

    @cached_property
    def threshold(self) -> float | None:
        """The score that is to be reached; None if no arm comes above the low one."""
        return threshold_of(self.curves.values(), self.low, self.spec.share)

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """The arms with their measures, in order."""
        return tuple(
            Arm(
                name,
                self.records[name],
                curve,
                AdaptationMetrics.of(curve, self.reference, self.threshold, self.floor),
            )
            for name, curve in self.curves.items()
        )

    @property
    def steps(self) -> int:
        """The steps that all arms have."""
        return int(next(iter(self.curves.values())).steps[-1])

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that a reader must know."""
        said = list(self.spec.notes)
        if self.spec.left_out:
            said.append(self.spec.why_left_out())
        if self.threshold is None:
            said.append("No arm ends above the start of the reference, so there is no threshold.")
        return tuple(said)

    def to_dict(self) -> dict[str, Any]:
        """Return what `adaptation.json` holds."""
        spec, choice = self.spec, self.choice
        return {
            "format": FORMAT,
            "run": str(spec.run.path),
            "env": spec.experiment.env,
            "context": dict(spec.target),
            "budget": spec.budget,
            "looks": spec.looks,
            "seed": spec.root,
            "selection": {
                "episodes": choice.episodes,
                "steps": choice.steps,
                "sources": [
                    {
                        "folder": relative(source.folder, spec.run.path),
                        "context": dict(source.context),
                        "mean": mean,
                    }
                    for source, mean in zip(choice.sources, choice.means, strict=True)
                ],
            },
            "source_steps": sum(source.steps for source in choice.sources),
            "compared_steps": self.steps,
            "floor": self.floor,
            "threshold": {"share": spec.share, "low": self.low, "score": self.threshold},
            "arms": {arm.name: arm_dict(arm) for arm in self.arms},
            "notes": list(self.notes),
        }


def arm_dict(arm: Arm) -> dict[str, Any]:
    """Return one arm as plain data."""
    record = arm.record
    return {
        "folder": f"arms/{arm.name}",
        **asdict(arm.metrics),
        "final": asdict(record.final),
        "steps": record.steps,
        "monitor_steps": record.monitor_steps,
        "seconds": round(record.seconds, 3),
        "curve": [list(point) for point in record.curve],
    }


def relative(path: Path, base: Path) -> str:
    """Return a path as it is written inside a run."""
    return path.relative_to(base).as_posix()
