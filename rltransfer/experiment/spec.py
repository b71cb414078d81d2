"""The frozen description of a study: TOML in, the same TOML with every value in force out."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from rltransfer.contexts import Context, ContextSpace
from rltransfer.contexts.space import MOST_CONTEXTS
from rltransfer.envs import ContextualEnv, TrainingDefaults, load_catalog, make
from rltransfer.errors import InvalidExperiment, RLTransferError, did_you_mean, explain_validation
from rltransfer.experiment.sections import (
    Contexts,
    Evaluation,
    Seed,
    Selection,
    Training,
)
from rltransfer.experiment.worth import predicts
from rltransfer.runs import Run
from rltransfer.schema import Table
from rltransfer.seeding import derive_seed
from rltransfer.selection import (
    DEFAULT_SELECTOR,
    SELECTORS,
    SourceTaskSelector,
    make_selector,
)
from rltransfer.training.algorithms import defaults_of, resolve
from rltransfer.training.recipes import RECIPES, Recipe, make_recipe
from rltransfer.training.stopping import StoppingRule
from rltransfer.transfer import TransferMatrix

__all__ = ["COMPARISONS", "MULTI_TASK", "Experiment"]

FORMAT = 1
LONGEST_NAME = 64
BESIDE_DEFAULTS = {"recipe", "algorithm", "stop", "record"}
"""Keys of the training table that are no `TrainingDefaults`."""

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
MULTI_TASK = {"multi-task": True, "multi-task-hidden": False}
"""One policy on all contexts, and whether it sees which one it is in."""

RECORDED = 100_000
"""Transitions that are kept of each training where later sources learn from them."""

COMPARISONS = (*SELECTORS, *MULTI_TASK, "independent")
"""What a study can be compared with: another selector, one policy for all, one policy for each."""


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
        **tables: Mapping[str, Any],
    ) -> Experiment:
        """Describe the usual study in one line; `tables` are the file's further tables.

        Args:
            env: a name of the catalogue.
            vary: the features that vary.
            targets: grid points per feature.
            rounds: how many sources to train.
            seeds: one run each; [0] by default.
            tables: "selection", "training", "evaluation", as in the file; also name=….
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
            raise InvalidExperiment(explain_validation(error, where)) from None

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
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidExperiment(f"{path} cannot be read as text: {error}.") from None
        try:
            data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise InvalidExperiment(f"{path} is not TOML: {error}.") from None
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
            self._check_words()
            self._check_contexts()
            self._check_training()
            self._check_selection()
        except RLTransferError as error:
            raise ValueError(str(error).rstrip(".")) from None
        return self

    def _check_words(self) -> None:
        if self.format != FORMAT:
            raise InvalidExperiment(
                f"format {self.format} is not known; this version writes and reads {FORMAT}."
            )
        if not NAME.fullmatch(self.name):
            raise InvalidExperiment(
                f"name must be 1 to 64 of a-z, 0-9, '_', '.', '-', beginning with a letter or "
                f"digit; got {self.name!r}."
            )
        if len(set(self.seeds)) != len(self.seeds):
            raise InvalidExperiment(f"seeds must not repeat; got {self.seeds}.")
        require_known("selection.selector", self.selection.selector, SELECTORS)
        for name in self.selection.compare:
            require_known("selection.compare", name, COMPARISONS)

    def _check_contexts(self) -> None:
        space = self.space
        if sorted(self.contexts.targets) != sorted(self.contexts.vary):
            raise InvalidExperiment(
                f"contexts.targets must give a grid size for each of {self.contexts.vary}; "
                f"got {dict(self.contexts.targets)}."
            )
        if self.contexts.digest not in (None, space.digest):
            raise InvalidExperiment(
                f"the features {', '.join(space.names)} of {self.env} are described otherwise "
                "than when this run began; continue it with the version that made it, or begin "
                "another run under another name."
            )
        size = math.prod(self.contexts.targets.values())
        if size > MOST_CONTEXTS:
            raise InvalidExperiment(
                f"contexts.targets ask for {size:,} contexts; at most {MOST_CONTEXTS:,} are "
                "possible. Use a coarser grid, or vary fewer features."
            )
        if self.selection.rounds > size:
            raise InvalidExperiment(
                f"selection.rounds must be at most the number of sources, {size}; "
                f"got {self.selection.rounds}."
            )

    def _check_training(self) -> None:
        require_known("training.recipe", self.training.recipe, RECIPES)
        if self.training.recipe in COMPARISONS:
            raise InvalidExperiment(
                f"training.recipe says how one source is trained, such as 'from-scratch'; write "
                f"{self.training.recipe!r} into selection.compare."
            )
        if self.training.origin is not None and self.training.steps is None:
            raise InvalidExperiment(
                "training.origin marks a table that says everything, so it needs training.steps"
            )
        resolve(self.algorithm, self.training_defaults(), self.environment)
        if self.inherits:
            self.recipe().warm_trainer(self.environment)  # says what it cannot train
        if self.record == 0 and self.recipe().needs_data:
            raise InvalidExperiment(
                f"training.record must be above 0 for the trainer {self.training.recipe!r}: each "
                "source learns from the transitions of those before it."
            )

    def _check_selection(self) -> None:
        transfer = self.nothing_trained()
        for selector in self.selectors(seed=0).values():
            selector.propose(transfer)  # says what it cannot do with these contexts
        if self.selection.stop_gain is not None:
            self._check_stop_gain(transfer)

    def _check_stop_gain(self, empty: TransferMatrix) -> None:
        name, rounds = self.selection.selector, self.selection.rounds
        if rounds > 1 and not predicts(self.selectors(seed=0)[name], empty, rounds):
            raise InvalidExperiment(
                f"selection.stop_gain needs a selector that says how much it expects to win, and "
                f"{name!r} does not in {rounds} rounds. Leave it out, or use "
                f"{DEFAULT_SELECTOR!r}."
            )

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
        }
        contexts = self.contexts.model_copy(update={"digest": self.space.digest})
        return self.model_copy(update={"contexts": contexts, "training": Training(**training)})

    def nothing_trained(self) -> TransferMatrix:
        """Return the transfer matrix before the first source."""
        return TransferMatrix.empty(self.space, self.sources(), self.targets())

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
        decided = self.model_copy(update={"seeds": [0]}).to_toml()
        return sha256(decided.encode()).hexdigest()[:16]


def require_known(field: str, name: str, known: tuple[str, ...] | Mapping[str, Any]) -> None:
    """Refuse a word that is in no table, and name the closest one."""
    if name not in known:
        raise InvalidExperiment(
            f"{field} {name!r} is unknown{did_you_mean(name, known)} Known: {', '.join(known)}."
        )
