"""The frozen description of a tuning: TOML in, the same TOML with every value in force out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from rltransfer.contexts import Context
from rltransfer.envs import load_catalog, make
from rltransfer.errors import (
    InvalidExperiment,
    MissingDependency,
    RLTransferError,
    explain_validation,
)
from rltransfer.experiment.sections import Seed, Training
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.tuning.axis import Axis
from rltransfer.experiment.tuning.checks import require_plain, require_short_rollouts
from rltransfer.experiment.tuning.contexts import ContextSet
from rltransfer.experiment.tuning.objective import Objective
from rltransfer.experiment.tuning.published import published_space
from rltransfer.experiment.tuning.space import SearchSpace, flat, merged, nested
from rltransfer.files import Unreadable, open_text, parse_toml, read_bytes
from rltransfer.schema import Table

__all__ = ["Tuning"]

LARGEST_FILE = 1_000_000  # bytes
ROLLOUTS = 8
"""Least rollouts of a training: longer ones than its steps allow are not searched."""

Count = Annotated[int, Field(ge=1, le=100_000)]


class Tuning(Table):
    """A search for the hyperparameters of one algorithm over a set of contexts.

    Attributes:
        name: also of the Optuna study.
        env: the family.
        contexts: where trainings happen.
        training: what is not searched, as in an experiment.
        space: what is searched; by default what was published for the algorithm.
        space_source: where its ranges are from.
        trials: how many settings are tried.
        seeds: trainings in each context, for each trial; the same seeds for all trials.
        seed: root of all random numbers.
        episodes: behind a training's score.
        worst: the share of the contexts that counts, the worst ones; 1 for their mean.
        pruner: what ends trials early.
        startup: complete trials before a trial may be ended early.

    Raises:
        InvalidExperiment: one sentence per mistake, naming the field.
    """

    format: Literal[1] = 1
    name: str
    env: str
    contexts: ContextSet
    training: Training = Training()
    space: dict[str, Axis] | None = Field(default=None, min_length=1)
    space_source: str | None = None
    trials: Count = 40
    seeds: Count = 2
    seed: Seed = 0
    episodes: Count = 20
    worst: Annotated[float, Field(gt=0, le=1)] = 1.0
    pruner: Literal["median", "hyperband", "none"] = "median"
    startup: Annotated[int, Field(ge=1, le=1000)] = 5

    # -- making one ----------------------------------------------------------------------------

    @classmethod
    def checked(cls, data: Mapping[str, Any], where: str) -> Tuning:
        """Build from plain data; mistakes become `InvalidExperiment`."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidExperiment(explain_validation(error, where, cls)) from None

    @classmethod
    def read(cls, path: Path) -> Tuning:
        """Read a tuning's TOML file.

        Raises:
            InvalidExperiment: if the file is missing, was changed, or does not fit.
        """
        try:
            data = parse_toml(open_text(read_bytes(path.resolve(), LARGEST_FILE)))
        except Unreadable as error:
            raise InvalidExperiment(f"{path} cannot be read: {error}.") from None
        return cls.checked(data, str(path))

    def to_toml(self) -> str:
        """Return the file that says the same."""
        import tomli_w

        return tomli_w.dumps(self.model_dump(exclude_none=True))

    @field_validator("space", mode="before")
    @classmethod
    def _dotted(cls, space: Any) -> Any:
        return flat(space) if isinstance(space, Mapping) else space

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            require_plain(self.training)
            self.search_space.require_known(self.study().algorithm)
            require_short_rollouts(self.study(self.search_space.corner))
        except MissingDependency:  # no mistake of the description
            raise
        except RLTransferError as error:
            raise ValueError(str(error).rstrip(".")) from None
        return self

    def resolved(self) -> Tuning:
        """Return the same tuning with every value in force written out."""
        contexts = self.contexts.model_copy(update={"digest": self.contexts.space(self.env).digest})
        found = self.search_space
        return self.model_copy(
            update={
                "env": load_catalog()[self.env].id,
                "contexts": contexts,
                "training": self.study().resolved().training,
                "space": dict(found.axes),
                "space_source": found.source,
            }
        )

    # -- what follows from it ------------------------------------------------------------------

    def study(self, values: Mapping[str, Any] | None = None) -> Experiment:
        """Return the study that would train with some hyperparameters; see `SearchSpace.values`.

        Raises:
            InvalidExperiment: if the algorithm cannot have them.
        """
        base = self.training.model_dump(exclude_none=True)
        found = nested(values or {})
        outside = {name: found.pop(name) for name in ("n_envs", "normalize") if name in found}
        hyperparameters = merged(base.pop("hyperparameters", {}), found)
        contexts = {
            "vary": self.contexts.vary,
            "targets": dict.fromkeys(self.contexts.vary, 2),
            **({} if self.contexts.preset is None else {"preset": self.contexts.preset}),
        }
        return Experiment.checked(
            {
                "name": self.name,
                "env": self.env,
                "contexts": contexts,
                "selection": {"selector": "random", "rounds": 1},
                "training": {**base, **outside, "hyperparameters": hyperparameters},
            },
            "tuning",
        )

    @cached_property
    def steps(self) -> int:
        """Environment steps of each training."""
        return self.study().training_defaults().steps

    @cached_property
    def where(self) -> tuple[Context, ...]:
        """The contexts in which every trial trains."""
        return self.contexts.chosen(self.env, self.seed)

    @property
    def search_space(self) -> SearchSpace:
        """What is searched: the file's own, or the published one as far as the steps allow."""
        if self.space is not None:
            return SearchSpace(self.space, self.space_source or "this tuning's own")
        study = self.study()
        defaults = study.training_defaults()
        return published_space(study.algorithm).fitted(defaults.steps / defaults.n_envs / ROLLOUTS)

    @cached_property
    def objective(self) -> Objective:
        """What a trial's trainings are worth."""
        score = make(self.env).spec.score
        return Objective(len(self.where), self.seeds, self.worst, score.low, score.high)

    @property
    def digest(self) -> str:
        """A hash (16 hex digits) of all that decides the result, but the number of trials."""
        decided = self.model_copy(update={"trials": 1}).to_toml()
        return sha256(decided.encode()).hexdigest()[:16]
