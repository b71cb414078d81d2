"""What `envs/<id>/env.toml` says: the description of one family of environments, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rltransfer.contexts import ContextSpace
from rltransfer.contexts.feature import NAME
from rltransfer.envs.env_file import EnvFile, ScoreRange, TrainingDefaults
from rltransfer.envs.preset import Preset
from rltransfer.envs.split_plan import SplitPlan
from rltransfer.errors import InvalidContext, InvalidExperiment, explain_validation
from rltransfer.files import Unreadable, parse_toml, read_bytes

__all__ = ["EnvironmentSpec", "ScoreRange", "TrainingDefaults"]

LARGEST_FILE = 1_000_000  # bytes
GYM_NAME = re.compile(r"[\w.-]+-v\d+")


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
        presets: published ranges by name.
        splits: divisions into training and test contexts by name; every family has `inner60`.
        training: defaults per algorithm; the first is the family's own default.
        cites: keys of the works that the family follows.
        options: settings of the simulator, the same in all contexts.
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
    presets: Mapping[str, Preset] = field(hash=False)
    splits: Mapping[str, SplitPlan] = field(hash=False)
    training: Mapping[str, TrainingDefaults] = field(hash=False)
    cites: tuple[str, ...]
    folder: Path
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
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
            file = EnvFile.model_validate(parse_toml(read_bytes(path.resolve(), LARGEST_FILE)))
            space, tables = features_of(file)
        except ValidationError as error:
            raise InvalidExperiment(explain_validation(error, str(path), EnvFile)) from None
        except (Unreadable, InvalidContext) as error:
            raise InvalidExperiment(f"{path}: {error}") from None
        if not NAME.fullmatch(folder.name):
            raise InvalidExperiment(
                f"{folder}: a family's folder must be named like an identifier, such as "
                f"'cartpole'; got {folder.name!r}."
            )
        require_gym_id(file.gym_id, path)
        same = EnvFile.model_fields.keys() - {"context", "gym_id", "presets", "splits"}
        return cls(
            id=folder.name,
            space=space,
            folder=folder,
            provider=provider,
            gym_name=file.gym_id,
            **tables,
            **{name: getattr(file, name) for name in same},
        )


def require_gym_id(name: str, path: Path) -> None:
    """Refuse a name of which Gymnasium could not make an id."""
    if name and not GYM_NAME.fullmatch(name):
        raise InvalidExperiment(
            f"{path}: gym_id must be letters, digits, '_', '.', '-' and a version, such as "
            f"'ShortPole-v0'; got {name!r}."
        )


def features_of(file: EnvFile) -> tuple[ContextSpace, dict[str, Any]]:
    """Return the context space of a file, and its presets and splits by name.

    Raises:
        InvalidContext: naming the feature whose description, preset or split is wrong.
    """
    space = ContextSpace.from_dict(file.context)
    presets = {key: Preset.of_table(key, table, space) for key, table in file.presets.items()}
    splits = {key: SplitPlan.of_table(key, table, space) for key, table in file.splits.items()}
    own = SplitPlan.inner60(space)
    return space, {"presets": presets, "splits": {**splits, own.name: own}}
