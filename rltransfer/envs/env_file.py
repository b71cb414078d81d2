"""The schema of an `env.toml`: what may be written there, table by table."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rltransfer.contexts import Scale

__all__ = [
    "EnvFile",
    "PresetFeature",
    "PresetTable",
    "ScoreRange",
    "SplitTable",
    "TrainingDefaults",
]

Interval = tuple[float, float]


class Table(BaseModel):
    """A table with known keys only, never changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScoreRange(Table):
    """Raw returns that count as 0 and as 1, so that gaps compare across environments."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low must be below high; got {self.low:g} and {self.high:g}")
        return self


class PresetFeature(Table):
    """A published range of one feature.

    Attributes:
        range: its ends, in the feature's unit.
        points: grid points in the publication.
        scale: how the grid is spaced there; the feature's own scale if nothing is said.
    """

    range: Interval
    points: int = Field(default=10, ge=2)
    scale: Scale | None = None


class PresetTable(Table):
    """Ranges that belong together, with where they are from."""

    source: str = Field(min_length=1)
    features: dict[str, PresetFeature] = Field(min_length=1)


class SplitTable(Table):
    """What training may see and where extrapolation is tested, as versioned data.

    Attributes:
        version: raised whenever an interval changes, so that results name what they used.
        source: where the intervals are from.
        train: for each feature of the split, the interval that training may see.
        test: for some of them, the intervals in which extrapolation is tested; everything outside
            `train` where nothing is said.
    """

    version: int = Field(default=1, ge=1)
    source: str = ""
    train: dict[str, Interval] = Field(min_length=1)
    test: dict[str, tuple[Interval, ...]] = {}


class TrainingDefaults(Table):
    """How one algorithm is trained on this family when an experiment says nothing else.

    Attributes:
        origin: where the values come from.
        steps: environment steps per source task.
        n_envs: sub-environments stepped together.
        normalize: whether observations (and rewards, while training) are standardised.
        hyperparameters: arguments of the algorithm's constructor; "lin_0.001" falls linearly to 0.
    """

    origin: str
    steps: int = Field(gt=0)
    n_envs: int = Field(default=1, gt=0)
    normalize: bool = False
    hyperparameters: dict[str, Any] = {}


class EnvFile(Table):
    """The whole file."""

    title: str
    simulator: str
    base: str
    gym_id: str = ""
    horizon: int = Field(gt=0)
    cites: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    context: dict[str, dict[str, Any]]
    score: ScoreRange
    presets: dict[str, PresetTable] = {}
    splits: dict[str, SplitTable] = {}
    training: dict[str, TrainingDefaults] = {}
