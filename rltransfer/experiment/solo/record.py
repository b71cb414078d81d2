"""What a finished training leaves beside its policy: `result.json` and `learning.csv`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rltransfer.errors import CorruptRun
from rltransfer.files import parse_json, read_bytes, verify_folder
from rltransfer.runs import StageRecord
from rltransfer.runs.provenance import provenance
from rltransfer.runs.source import write_curve

__all__ = ["FinalScore", "SoloRecord"]

FORMAT = 1
RESULT = "result.json"


@dataclass(frozen=True)
class FinalScore:
    """Returns of the finished policy in its context, over episodes that nobody chose it by.

    Attributes:
        episodes: how many.
        mean, std: of their returns.
        steps: environment steps that they took.
    """

    episodes: int
    mean: float
    std: float
    steps: int


@dataclass(frozen=True)
class SoloRecord:
    """A finished training.

    Attributes:
        training: what decides its result, as plain data; see `SoloTraining.told`.
        stages: what each stage cost and found.
        steps: environment steps of all stages.
        monitor_steps: environment steps of the episodes behind the curve, not part of `steps`.
        seconds: wall-clock time of all stages.
        curve: (step, score) while it was trained.
        final: returns of the policy.
        versions: of the libraries that decide the simulator's trajectories.
    """

    training: Mapping[str, Any]
    stages: tuple[StageRecord, ...]
    steps: int
    monitor_steps: int
    seconds: float
    curve: tuple[tuple[int, float], ...]
    final: FinalScore
    versions: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write both files into an existing folder."""
        text = json.dumps(self.to_dict(), indent=1)
        (folder / RESULT).write_text(text, encoding="utf-8")
        write_curve(folder / "learning.csv", self.curve)

    def to_dict(self) -> dict[str, Any]:
        """Return what `result.json` holds."""
        return {
            "format": FORMAT,
            "training": dict(self.training),
            "stages": [asdict(stage) for stage in self.stages],
            "steps": self.steps,
            "monitor_steps": self.monitor_steps,
            "seconds": round(self.seconds, 3),
            "curve": [list(point) for point in self.curve],
            "final": asdict(self.final),
            "simulator": dict(self.versions),
            "provenance": provenance(),
        }

    @classmethod
    def read(cls, folder: Path) -> SoloRecord:
        """Read a finished training.

        Raises:
            CorruptRun: naming the file that is damaged, missing or of another format.
        """
        verify_folder(folder)
        try:
            said = parse_json(read_bytes(folder / RESULT), float)
            if said["format"] != FORMAT:
                raise CorruptRun(
                    f"{folder} has format {said['format']}; this version reads {FORMAT}. "
                    "Use the version that wrote it."
                )
            return cls(
                training=said["training"],
                stages=tuple(StageRecord(**stage) for stage in said["stages"]),
                steps=said["steps"],
                monitor_steps=said["monitor_steps"],
                seconds=said["seconds"],
                curve=tuple((int(step), float(score)) for step, score in said["curve"]),
                final=FinalScore(**said["final"]),
                versions=said["simulator"],
            )
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise CorruptRun(
                f"{folder} cannot be read as a training: its {RESULT} is of another kind, such as "
                "that of a run's source. Choose another --out."
            ) from error
