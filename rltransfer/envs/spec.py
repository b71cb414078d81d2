"""What `envs/<id>/env.toml` says: the description of one family of environments, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rltransfer.contexts import ContextSpace
from rltransfer.contexts.feature import NAME
from rltransfer.contexts.space import pair
from rltransfer.errors import InvalidContext, InvalidExperiment, explain_validation

__all__ = ["EnvironmentSpec", "ScoreRange", "TrainingDefaults"]


class ScoreRange(BaseModel):
    """Raw returns that count as 0 and as 1, so that gaps compare across environments."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low must be below high; got {self.low:g} and {self.high:g}")
        return self


class TrainingDefaults(BaseModel):
    """How one algorithm is trained on this family when an experiment says nothing else.

    Attributes:
        origin: where the values come from.
        steps: environment steps per source task.
        n_envs: sub-environments stepped together.
        normalize: whether observations (and rewards, while training) are standardised.
        hyperparameters: arguments of the algorithm's constructor; "lin_0.001" falls linearly to 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    origin: str
    steps: int = Field(gt=0)
    n_envs: int = Field(default=1, gt=0)
    normalize: bool = False
    hyperparameters: dict[str, Any] = {}


class EnvFile(BaseModel):
    """The schema of an `env.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    simulator: str
    base: str
    gym_id: str = ""
    horizon: int = Field(gt=0)
    cites: tuple[str, ...] = ()
    context: dict[str, dict[str, Any]]
    score: ScoreRange
    splits: dict[str, dict[str, tuple[float, float]]] = {}
    training: dict[str, TrainingDefaults] = {}


@dataclass(frozen=True, slots=True)
class EnvironmentSpec:
    """One entry of the catalogue.

    Attributes:
        id: the name people type, such as `cartpole`.
        title: one line for lists.
        simulator: the adapter that builds members, by name or as `package.module:Class`.
        base: the Gymnasium id of the unchanged environment.
        horizon: steps after which an episode is truncated.
        space: every feature that can vary.
        score: raw returns that count as 0 and 1.
        splits: named training boxes: per feature, the interval that training may see.
        training: defaults per algorithm; the first is the family's own default.
        cites: keys of the works that the family follows.
        folder: where the entry was read.
        provider: the distribution that ships the entry.
        gym_name: what its own Gymnasium id is called after the slash; as `base` where empty.
    """

    id: str
    title: str
    simulator: str
    base: str
    horizon: int
    space: ContextSpace
    score: ScoreRange
    splits: Mapping[str, Mapping[str, tuple[float, float]]] = field(hash=False)
    training: Mapping[str, TrainingDefaults] = field(hash=False)
    cites: tuple[str, ...]
    folder: Path
    provider: str = "rltransfer"
    gym_name: str = ""

    @property
    def gym_id(self) -> str:
        """The Gymnasium id under which the family is registered."""
        return f"rltransfer/{self.gym_name or self.base.rsplit('/', 1)[-1]}"

    @classmethod
    def read(cls, folder: Path, provider: str = "rltransfer") -> EnvironmentSpec:
        """Read `folder/env.toml`.

        Raises:
            InvalidExperiment: naming the file and the key that is wrong.
        """
        path = folder / "env.toml"
        try:
            file = EnvFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
            space = ContextSpace.from_dict(file.context)
            check_splits(space, file.splits)
        except ValidationError as error:
            raise InvalidExperiment(explain_validation(error, str(path))) from None
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, InvalidContext) as error:
            raise InvalidExperiment(f"{path}: {error}") from None
        if not NAME.fullmatch(folder.name):
            raise InvalidExperiment(
                f"{folder}: a family's folder must be named like an identifier, such as "
                f"'cartpole'; got {folder.name!r}."
            )
        same = EnvFile.model_fields.keys() - {"context", "gym_id"}
        return cls(
            id=folder.name,
            space=space,
            folder=folder,
            provider=provider,
            gym_name=file.gym_id,
            **{name: getattr(file, name) for name in same},
        )


def check_splits(space: ContextSpace, splits: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a split that names an unknown feature or leaves its range."""
    for box in splits.values():
        for name, interval in box.items():
            for end in pair(name, "splits", interval):
                space[name].validate(end)
