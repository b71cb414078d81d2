"""The frozen description of a study: TOML in, the same TOML with every value in force out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import Field, ValidationError, field_validator, model_validator

from rltransfer.contexts import Context, ContextSpace
from rltransfer.envs import ContextualEnv, TrainingDefaults, load_catalog, make
from rltransfer.errors import (
    InvalidExperiment,
    MissingDependency,
    RLTransferError,
    explain_validation,
)
from rltransfer.experiment.checks import COMPARISONS, FORMAT, MULTI_TASK, check
from rltransfer.experiment.sections import (
    Contexts,
    Evaluation,
    Known,
    Seed,
    Selection,
    Training,
)
from rltransfer.files import Unreadable, parse_toml, read_bytes
from rltransfer.runs import Run
from rltransfer.schema import Table
from rltransfer.seeding import derive_seed
from rltransfer.selection import (
    SELECTORS,
    SourceTaskSelector,
    make_selector,
)
from rltransfer.selection.measuring import Measuring
from rltransfer.training.algorithms import defaults_of
from rltransfer.training.recipes import Recipe, make_recipe
from rltransfer.training.stopping import StoppingRule
from rltransfer.transfer import KnownPolicy, KnownRows, TransferMatrix

__all__ = ["COMPARISONS", "MULTI_TASK", "Experiment"]

LONGEST_NAME = 64
LARGEST_FILE = 1_000_000  # bytes
BESIDE_DEFAULTS = {"recipe", "algorithm", "stop", "record", "contexts", "tensorboard"}
"""Keys of the training table that are no `TrainingDefaults`."""

RECORDED = 100_000
"""Transitions that are kept of each training where later sources learn from them."""


class Experiment(Table):
    """A study: an environment family, its contexts, a selector, a recipe, and seeds.

    Examples:
        >>> study = Experiment.of("cartpole", vary=["length"], targets=50, rounds=6)
        >>> study.name, len(study.sources())
        ('cartpole-length', 50)

    Raises:
        InvalidExperiment: one sentence per mistake, naming the field.
    """

    format: int = FORMAT
    name: str
    env: str
    seeds: list[Seed] = Field(default=[0], min_length=1)
    contexts: Contexts
    selection: Selection = Selection()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    known: list[Known] | None = Field(default=None, min_length=1)

    # -- making one ----------------------------------------------------------------------------

    @classmethod
    def of(
        cls,
        env: str,
        *,
        vary: list[str],
        targets: int = 50,
        rounds: int = 6,
        seeds: list[int] | None = None,
        **tables: Any,
    ) -> Experiment:
        """Describe the usual study in one line; `tables` are the file's further tables.

        Args:
            env: a name of the catalogue.
            vary: the features that vary.
            targets: grid points per feature.
            rounds: how many sources to train.
            seeds: one run each; [0] by default.
            tables: "selection", "training", "evaluation", as in the file; also name=…, known=[…].
        """
        selection = {"rounds": rounds, **tables.pop("selection", {})}
        contexts = {"vary": vary, "targets": dict.fromkeys(vary, targets)}
        name = "-".join([load_catalog()[env].id, *vary])
        if len(name) > LONGEST_NAME:
            name = f"{env}-{len(vary)}-features"
        return cls.checked(
            {
                "name": name,
                "env": env,
                "seeds": [0] if seeds is None else seeds,
                "contexts": contexts,
                "selection": selection,
                **tables,
            },
            "experiment",
        )

    @classmethod
    def checked(cls, data: Mapping[str, Any], where: str) -> Experiment:
        """Build from plain data; mistakes become `InvalidExperiment`."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise InvalidExperiment(explain_validation(error, where, cls)) from None

    @classmethod
    def of_run(cls, run: Run) -> Experiment:
        """Return what a run holds, with its one seed.

        Raises:
            CorruptRun: if the file is damaged.
            InvalidExperiment: if it does not describe something that can be run.
        """
        return cls.checked(run.description(), str(run.experiment_file))

    @classmethod
    def read(cls, path: Path) -> Experiment:
        """Read an `experiment.toml`.

        Raises:
            InvalidExperiment: if the file is missing, is not TOML, or does not fit.
        """
        try:
            data = parse_toml(read_bytes(path.resolve(), LARGEST_FILE))
        except Unreadable as error:
            raise InvalidExperiment(f"{path} cannot be read: {error}.") from None
        return cls.checked(data, str(path))

    def to_toml(self) -> str:
        """Return the file that says the same, every value in force written out."""
        import tomli_w

        return tomli_w.dumps(self.model_dump(exclude_none=True))

    # -- checking ------------------------------------------------------------------------------

    @field_validator("env")
    @classmethod
    def _plain(cls, env: str) -> str:
        return load_catalog()[env].id if env in load_catalog() else env

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            check(self)
        except MissingDependency:  # no mistake of the description
            raise
        except RLTransferError as error:
            raise ValueError(str(error).rstrip(".")) from None
        return self

    # -- what follows from it ------------------------------------------------------------------

    @property
    def environment(self) -> ContextualEnv:
        """The environment family."""
        return make(self.env)

    @property
    def space(self) -> ContextSpace:
        """The features that vary, in the ranges of the preset if there is one."""
        preset, family = self.contexts.preset, self.environment
        whole = family.space if preset is None else family.preset(preset).space
        return whole.select(self.contexts.vary)

    def sources(self) -> tuple[Context, ...]:
        """Return the candidates for training: the grid, last feature fastest."""
        return self.space.grid(self.contexts.targets)

    def targets(self) -> tuple[Context, ...]:
        """Return the contexts in which every policy is evaluated: the same grid."""
        return self.sources()

    @property
    def algorithm(self) -> str:
        """The algorithm in force: the experiment's, or the family's own."""
        return defaults_of(self.environment, self.training.algorithm)[0]

    def training_defaults(self) -> TrainingDefaults:
        """Return the settings in force: the family's, with what the experiment changes."""
        said = self.training.model_dump(exclude_none=True, exclude=BESIDE_DEFAULTS)
        if self.training.origin is not None:
            return TrainingDefaults(**said)
        _, base = defaults_of(self.environment, self.training.algorithm)
        said["hyperparameters"] = {**base.hyperparameters, **self.training.hyperparameters}
        return base.model_copy(update=said)

    @property
    def inherits(self) -> bool:
        """Whether each source is trained from those before it in its lane."""
        return make_recipe(self.training.recipe).inherits

    @property
    def record(self) -> int:
        """How many transitions are kept of each training."""
        if self.training.record is not None:
            return self.training.record
        return RECORDED if self.inherits else 0

    @property
    def stopping(self) -> StoppingRule | None:
        """When the training of a source ends early, in raw returns; None for never."""
        if self.training.stop is None:
            return None
        score = self.environment.spec.score
        return StoppingRule(score.low + self.training.stop * (score.high - score.low))

    @property
    def measuring(self) -> Measuring | None:
        """On which targets the policy of a source is measured; None for all."""
        if self.evaluation.measure is None:
            return None
        targets = math.prod(self.contexts.targets.values())
        rule = Measuring.part_of(self.evaluation.measure, targets)
        return rule if rule.count < targets else None

    def recipe(self) -> Recipe:
        """Return how sources are trained."""
        return make_recipe(
            self.training.recipe,
            algorithm=self.algorithm,
            defaults=self.training_defaults(),
            stop=self.stopping,
            record=self.record,
        )

    def resolved(self) -> Experiment:
        """Return the same study with every value in force written out.

        A run keeps this: a later version of a family changes nothing in it.
        """
        training = {
            **self.training_defaults().model_dump(),
            "algorithm": self.algorithm,
            "recipe": self.training.recipe,
            "stop": self.training.stop,
            "record": self.record or self.training.record,
            "contexts": self.training.contexts,
            "tensorboard": self.training.tensorboard,
        }
        contexts = self.contexts.model_copy(update={"digest": self.space.digest})
        return self.model_copy(update={"contexts": contexts, "training": Training(**training)})

    def nothing_trained(self, known: KnownRows | None = None) -> TransferMatrix:
        """Return the transfer matrix before the first source.

        Args:
            known: rows of policies from elsewhere, none by default.
        """
        empty = TransferMatrix.empty(self.space, self.sources(), self.targets())
        return empty if known is None else replace(empty, known=known)

    def some_known(self) -> KnownRows:
        """Return made-up rows, by which selectors say whether they can take any."""
        nothing = np.zeros((len(self.targets()), 1))
        rows = KnownRows()
        return rows.learn(KnownPolicy("any"), nothing) if self.known else rows

    def selectors(self, seed: int) -> dict[str, SourceTaskSelector]:
        """Build the selectors of all lanes; options are for the experiment's own.

        Args:
            seed: of the run, for the selectors that draw at random.
        """
        score = self.environment.spec.score
        own = self.selection.selector
        return {
            name: make_selector(
                name,
                seed=derive_seed(seed, f"select {name}"),
                budget=self.selection.rounds,
                score=(score.low, score.high),
                options=self.selection.options if name == own else {},
            )
            for name in self.lanes
        }

    @property
    def lanes(self) -> tuple[str, ...]:
        """The selectors whose sequences are trained: the study's own, then the compared ones."""
        others = [name for name in self.selection.compare if name in SELECTORS]
        return tuple(dict.fromkeys([self.selection.selector, *others]))

    @property
    def digest(self) -> str:
        """A hash (16 hex digits) of everything that decides the results of one seed."""
        training = self.training.model_copy(update={"tensorboard": None})
        decided = self.model_copy(update={"seeds": [0], "training": training}).to_toml()
        return sha256(decided.encode()).hexdigest()[:16]
