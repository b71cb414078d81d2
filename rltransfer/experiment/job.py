"""One training and its evaluation, described so that any process can do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rltransfer.contexts import Context
from rltransfer.experiment.checks import MULTI_TASK
from rltransfer.experiment.keys import Lineage, key_of
from rltransfer.experiment.spec import Experiment
from rltransfer.seeding import derive_seed
from rltransfer.training.context_samplers import EVENLY
from rltransfer.training.recipes import Recipe, make_recipe

__all__ = ["COLD", "Job"]

COLD = "from-scratch"
"""How a source is trained that inherits nothing, whatever the recipe: with the same seed."""


@dataclass(frozen=True)
class Job:
    """A policy to train and evaluate, described so that any process can do it.

    Attributes:
        key: the policy's name in the run; see `keys`.
        context: the source context; None where the policy is trained on many.
        contexts: what it is trained on.
        recipe: how.
        steps: environment steps of the training, at most.
        observe: the context features that it sees.
        experiment: the experiment as plain data.
        seed: the run's root seed.
        working: a folder of its own, in which the worker keeps the results of stages.
        parents: the committed folders of the sources to inherit from by key, in order.
        record: how many of the last transitions to keep.
        measured: indices of the targets that it is measured on; empty for all of them.
        trained: the committed folder of the same policy, measured on other targets; None where
            there is none.
    """

    key: str
    context: Context | None
    contexts: tuple[Context, ...]
    recipe: str
    steps: int
    observe: tuple[str, ...]
    experiment: Mapping[str, Any]
    seed: int
    working: Path
    parents: Mapping[str, Path] = field(default_factory=dict)
    record: int = 0
    measured: tuple[int, ...] = ()
    trained: Path | None = None

    @classmethod
    def on_source(
        cls,
        experiment: Experiment,
        lineage: Lineage,
        working: Path,
        parents: Mapping[str, Path],
        record: int,
        trained: Path | None = None,
    ) -> Job:
        """Describe the training on one source; for the arguments see the attributes."""
        return cls(
            key=lineage.key,
            context=lineage.context,
            contexts=(lineage.context,),
            recipe=experiment.training.recipe,
            steps=experiment.training_defaults().steps,
            observe=(),
            experiment=experiment.model_dump(exclude_none=True),
            seed=experiment.seeds[0],
            working=working,
            parents=parents,
            record=record,
            measured=lineage.measured,
            trained=trained,
        )

    @classmethod
    def on_all(cls, experiment: Experiment, name: str, working: Path) -> Job:
        """Describe the training of one policy on all sources, with the steps of all rounds."""
        return cls(
            key=key_of(name),
            context=None,
            contexts=experiment.sources(),
            recipe="multi-task",
            steps=experiment.training_defaults().steps * experiment.selection.rounds,
            observe=tuple(experiment.contexts.vary) if MULTI_TASK[name] else (),
            experiment=experiment.model_dump(exclude_none=True),
            seed=experiment.seeds[0],
            working=working,
        )

    @property
    def label(self) -> str:
        """A short text for people."""
        return self.key if self.context is None else self.context.label

    @property
    def progress(self) -> Path:
        """The file to which the worker appends how far it is, a JSON list per line."""
        return self.working / "progress.jsonl"

    @property
    def train_seed(self) -> int:
        """Decides the training; the same for all recipes where nothing is inherited."""
        how = COLD if self.context is not None and not self.parents else self.recipe
        return derive_seed(self.seed, f"train {how}", self.context)

    def make_recipe(self, experiment: Experiment) -> Recipe:
        """Return how it is trained; a policy of many contexts spends its whole budget."""
        return make_recipe(
            self.recipe,
            algorithm=experiment.algorithm,
            defaults=experiment.training_defaults().model_copy(update={"steps": self.steps}),
            observe=self.observe,
            stop=None if self.context is None else experiment.stopping,
            record=self.record,
            contexts=experiment.training.contexts or EVENLY,
        )
