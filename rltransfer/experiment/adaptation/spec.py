"""What is to be compared on one target, checked before anything is played or written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rltransfer.contexts import Context
from rltransfer.data.transitions_file import FILE
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.adaptation.choice import Source, sources_of
from rltransfer.experiment.solo.beginnings import uses_data
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run
from rltransfer.training.recipes import Recipe, make_recipe

__all__ = ["REFERENCE", "AdaptationSpec"]

REFERENCE = "from-scratch"
"""The trainer that has no head start: what the others are measured against."""

WITHOUT_STEPS = ("offline-only",)
"""Trainers that take no environment step, so that there is no learning curve."""

SHARE = 0.9
LOOKS = 20


@dataclass(frozen=True)
class AdaptationSpec:
    """One target for the policies of one run.

    Attributes:
        run: where the policies are.
        context: the target; features that are not named have their default.
        trainers: how to go on, names of `RECIPES`; `REFERENCE` among them is the reference.
        steps: environment steps of each training; None for those of a source in the run.
        seed: decides every random number; None for the run's own.
        looks: how often each policy is scored while it learns, after the first time.
        share: of the way from the reference's start to the best asymptote, for the threshold.
        notes: sentences to be told with the result.
    """

    run: Run
    context: Mapping[str, float]
    trainers: tuple[str, ...] = ("warm-start-ppo", "uni-o4", REFERENCE)
    steps: int | None = None
    seed: int | None = None
    looks: int = LOOKS
    share: float = SHARE
    notes: tuple[str, ...] = ()

    @cached_property
    def experiment(self) -> Experiment:
        """The study that the run belongs to."""
        return Experiment.of_run(self.run)

    @cached_property
    def sources(self) -> list[Source]:
        """The study's own sources, in the order of their rounds."""
        return sources_of(self.run)

    @cached_property
    def target(self) -> Context:
        """The complete context.

        Raises:
            InvalidContext: naming the feature that is unknown or outside its range.
        """
        return self.experiment.environment.space.validate(self.context)

    @property
    def place(self) -> str:
        """A short text for the target: the features that were named."""
        return Context(self.context).label or "default"

    @property
    def root(self) -> int:
        """The root seed."""
        return self.experiment.seeds[0] if self.seed is None else self.seed

    @property
    def budget(self) -> int:
        """Environment steps of each training."""
        return self.experiment.training_defaults().steps if self.steps is None else self.steps

    @property
    def folder(self) -> Path:
        """Where the results go unless something else is said."""
        return self.run.path / "adaptations" / f"{self.place}-seed-{self.root}"

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The trainers by name, each with the same budget.

        Raises:
            UnknownName: if there is no such trainer.
        """
        defaults = self.experiment.training_defaults().model_copy(update={"steps": self.budget})
        return {
            name: make_recipe(name, algorithm=self.experiment.algorithm, defaults=defaults)
            for name in dict.fromkeys(self.trainers)
        }

    @cached_property
    def left_out(self) -> tuple[str, ...]:
        """Trainers that learn from recorded transitions, where the run has recorded none."""
        if any((source.folder / FILE).is_file() for source in self.sources):
            return ()
        env = self.experiment.environment
        return tuple(
            name
            for name, recipe in self.recipes.items()
            if recipe.inherits and uses_data(recipe, env)
        )

    @property
    def arms(self) -> tuple[str, ...]:
        """The trainers that are run, in order."""
        return tuple(name for name in self.recipes if name not in self.left_out)

    def check(self) -> None:
        """Find what is wrong before anything is done.

        Raises:
            UnknownName, InvalidContext, InvalidExperiment: in a sentence.
        """
        _ = self.target
        for name, recipe in self.recipes.items():
            self.check_trainer(name, recipe)
        _ = self.sources
        if not set(self.arms) - {REFERENCE}:
            raise InvalidExperiment(
                f"nothing is left to adapt with: {self.why_left_out()}"
                if self.left_out
                else "nothing goes on from the run's policies; give a --trainer such as "
                "'warm-start-ppo'."
            )

    def check_trainer(self, name: str, recipe: Recipe) -> None:
        """Refuse a trainer that cannot go on from this run's policies, or has no curve."""
        if name == REFERENCE:
            return
        if not recipe.inherits or name in WITHOUT_STEPS:
            raise InvalidExperiment(
                f"the trainer {name!r} does not go on learning from another policy; use "
                "'warm-start-ppo' or 'uni-o4'."
            )
        if self.experiment.algorithm != "PPO":
            raise InvalidExperiment(
                f"{self.run.path} holds {self.experiment.algorithm} policies, and {name!r} can "
                "only go on with PPO's. Adapt a run that was trained with PPO."
            )

    def why_left_out(self) -> str:
        """Say why some trainers are left out."""
        names = ", ".join(self.left_out)
        return (
            f"{names} learns from recorded transitions, and {self.run.path} has recorded none. "
            "Write `record = 100000` into the study's [training] table to have them kept."
        )
