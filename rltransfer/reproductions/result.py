"""Running a reproduction, and what it leaves: `reproduction.json`, sealed, and a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltransfer.errors import CorruptRun
from rltransfer.files import Unreadable, open_json, read_bytes, seal_json, write_text
from rltransfer.reproductions.figure import draw_picture
from rltransfer.reproductions.measurements import Measurements
from rltransfer.reproductions.reproduction import Errand, Reproduction, Watch
from rltransfer.reproductions.verdicts import Finding, Verdict, judged, verdict_of
from rltransfer.runs.provenance import provenance

__all__ = ["RESULT", "ReproductionResult", "read_told", "reproduce"]

FORMAT = 1
RESULT = "reproduction.json"


@dataclass(frozen=True)
class ReproductionResult:
    """A finished reproduction.

    Attributes:
        reproduction: what was run.
        size: at which budget.
        findings: every published statement beside ours.
        measured: everything that was found.
        folder: where it lies.
    """

    reproduction: Reproduction
    size: str
    findings: tuple[Finding, ...]
    measured: Measurements
    folder: Path

    @property
    def verdict(self) -> Verdict:
        """Of all statements together."""
        return verdict_of(self.findings)[0]

    @property
    def reason(self) -> str:
        """For the verdict, as half a sentence."""
        return verdict_of(self.findings)[1]

    @property
    def figure(self) -> Path:
        """The figure, as SVG; a PNG lies beside it."""
        return self.folder / "reproduction.svg"

    def to_dict(self) -> dict[str, Any]:
        """Return what `reproduction.json` holds."""
        said = self.reproduction
        return {
            "format": FORMAT,
            "name": said.name,
            "budget": self.size,
            "title": said.title,
            "source": said.source,
            "verdict": str(self.verdict),
            "reason": self.reason,
            "findings": [finding.to_dict() for finding in self.findings],
            "numbers": {key: x.to_dict() for key, x in self.measured.numbers.items()},
            "missing": dict(self.measured.missing),
            "facts": dict(self.measured.facts),
            "remarks": list(self.measured.remarks),
            "differences": list(said.differences),
            "provenance": provenance(),
        }


def reproduce(
    reproduction: Reproduction, size: str, out: Path, jobs: int = 1, watch: Watch | None = None
) -> ReproductionResult:
    """Run a reproduction to its end, or continue it, and write its result and figure.

    Args:
        reproduction: what to run.
        size: the budget, a name of `SIZES`.
        out: the folder of all experiments; this one goes to `out/<name>-<size>`.
        jobs: worker processes.
        watch: shows progress; nothing by default.

    Raises:
        UnknownName: if there is no such budget.
        InvalidExperiment: if the folder holds something else of this name.
        SourceFailed: if a training fails; what was finished stays.
        StorageError: if a result cannot be written.
    """
    budget = reproduction.budget(size)
    measured = reproduction.measure(Errand(size, out, jobs, watch or Watch()))
    findings = tuple(judged(reproduction, budget, measured))
    folder = out / reproduction.label(size)
    result = ReproductionResult(reproduction, size, findings, measured, folder)
    draw_picture(measured.picture, findings, folder / "reproduction")
    write_text(folder / RESULT, seal_json(result.to_dict()))
    return result


def read_told(path: Path) -> Mapping[str, Any]:
    """Read a `reproduction.json` as plain data.

    Raises:
        CorruptRun: if it is missing, was changed, or is of another format.
    """
    try:
        told = open_json(read_bytes(path))
    except Unreadable as error:
        raise CorruptRun(
            f"{path} cannot be read: {error}. Make it again with the same `rltransfer reproduce` "
            "command; nothing is trained again."
        ) from None
    if told.get("format") != FORMAT:
        raise CorruptRun(f"{path} has format {told.get('format')!r}; this version reads {FORMAT}.")
    return told
