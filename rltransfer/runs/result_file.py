"""What `result.json` in a source's folder may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from rltransfer.errors import CorruptRun, explain_validation
from rltransfer.files import Unreadable, parse_json, read_bytes
from rltransfer.runs.origin import Origin
from rltransfer.schema import Table

__all__ = ["FORMAT", "ResultFile", "read_result"]

FORMAT = 1
ADVICE = "Remove {folder} and resume: it will be made again."
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Size = Annotated[int, Field(ge=1, le=100_000_000)]


class StageTable(Table):
    """What one stage cost and found."""

    name: str
    steps: Count
    seconds: float
    findings: dict[str, Any] = Field(default_factory=dict)


class ResultFile(Table):
    """The whole file; see `SourceRecord` for what the fields mean.

    Attributes:
        shape: of the returns, (M, E).
        kind: "known" where the run has not trained the policy, and `origin` says who has.
        simulator: versions of the libraries that decide the trajectories.
    """

    format: Literal[1]
    key: Key
    context: dict[str, float] | None
    steps: Count
    seconds: float
    seed: Count
    started: float
    finished: float
    stages: list[str]
    parents: list[Key] = Field(default_factory=list)
    stage_results: list[StageTable] = Field(default_factory=list)
    monitor_steps: Count | None = None
    simulator: dict[str, str] = Field(default_factory=dict)
    shape: tuple[Size, Size]
    kind: Literal["trained", "known"] = "trained"
    origin: Origin | None = None
    own: list[float] | None = None


def read_result(folder: Path) -> ResultFile:
    """Read the file in a source's folder; what a training found may be NaN or infinite.

    Raises:
        CorruptRun: if it is missing, damaged or of another format.
    """
    path, advice = folder / "result.json", ADVICE.format(folder=folder)
    try:
        data = read_bytes(path)
        said = parse_json(data, float)
    except Unreadable as error:
        raise CorruptRun(f"{path} cannot be read: {error}. {advice}") from None
    given = said.get("format") if isinstance(said, dict) else None
    if given != FORMAT:
        raise CorruptRun(
            f"{path} has format {repr(given)[:40]}; this version reads {FORMAT}. Use the version "
            "that wrote it."
        )
    try:
        return ResultFile.model_validate_json(data)
    except ValidationError as error:
        raise CorruptRun(f"{explain_validation(error, str(path))} {advice}") from None
