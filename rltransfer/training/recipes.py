"""How contexts become policies: one policy for one context, one for all, or one for each.

A recipe says which problems to train and with what trainer; a study names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rltransfer.envs import ContextualEnv, TrainingDefaults
from rltransfer.errors import InvalidExperiment, UnknownName, did_you_mean
from rltransfer.training.algorithms import defaults_of, resolve
from rltransfer.training.online import OnlineRL
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.trainer import Trainer

__all__ = ["RECIPES", "FromScratch", "Independent", "MultiTask", "Recipe", "make_recipe"]

Contexts = Sequence[Mapping[str, float]]


class Recipe(Protocol):
    """Turns contexts into problems, and a family into the trainer for them."""

    def problems(self, env: ContextualEnv, contexts: Contexts) -> tuple[TrainingProblem, ...]:
        """Return the problems to train, one policy each."""

    def trainer(self, env: ContextualEnv) -> Trainer:
        """Return what trains each problem.

        Raises:
            UnknownName: if there is no such algorithm.
            InvalidExperiment: if its settings do not fit the family.
        """


@dataclass(frozen=True)
class OnlineRecipe:
    """A recipe whose trainer is one algorithm from random weights.

    Attributes:
        algorithm: a name of `ALGORITHMS`; None for the family's own.
        defaults: its settings; None for the family's.
        observe: the context features that the policies see.
    """

    algorithm: str | None = None
    defaults: TrainingDefaults | None = None
    observe: tuple[str, ...] = ()

    def trainer(self, env: ContextualEnv) -> Trainer:
        """Return the trainer; see `Recipe.trainer`."""
        name, known = defaults_of(env, self.algorithm)
        return Trainer([OnlineRL(resolve(name, self.defaults or known, env))])


class FromScratch(OnlineRecipe):
    """One context, one policy."""

    def problems(self, env: ContextualEnv, contexts: Contexts) -> tuple[TrainingProblem, ...]:
        """Return the only problem.

        Raises:
            InvalidExperiment: if there is not exactly one context.
        """
        if len(contexts) != 1:
            raise InvalidExperiment(
                f"the recipe 'from-scratch' trains on 1 context; got {len(contexts)}. For one "
                "policy on all of them use 'multi-task', for one on each 'independent'."
            )
        return (TrainingProblem(env, contexts, self.observe),)


class MultiTask(OnlineRecipe):
    """All contexts, one policy: every episode draws its context; see `observe`."""

    def problems(self, env: ContextualEnv, contexts: Contexts) -> tuple[TrainingProblem, ...]:
        """Return the only problem."""
        return (TrainingProblem(env, contexts, self.observe),)


class Independent(OnlineRecipe):
    """All contexts, one policy each."""

    def problems(self, env: ContextualEnv, contexts: Contexts) -> tuple[TrainingProblem, ...]:
        """Return a problem per context, in order."""
        return tuple(TrainingProblem(env, [context], self.observe) for context in contexts)


RECIPES: dict[str, Callable[..., Recipe]] = {
    "from-scratch": FromScratch,
    "multi-task": MultiTask,
    "independent": Independent,
}


def make_recipe(
    name: str,
    *,
    algorithm: str | None = None,
    defaults: TrainingDefaults | None = None,
    observe: Sequence[str] = (),
) -> Recipe:
    """Build a recipe by name.

    Args:
        name: a name of `RECIPES`.
        algorithm: a name of `ALGORITHMS`; None for the family's own.
        defaults: steps, sub-environments and hyperparameters; None for the family's.
        observe: the context features that the policies see; none by default.

    Raises:
        UnknownName: if there is no such recipe.
    """
    if name not in RECIPES:
        raise UnknownName(
            f"unknown recipe {name!r}{did_you_mean(name, RECIPES)} Known: {', '.join(RECIPES)}."
        )
    return RECIPES[name](algorithm, defaults, tuple(observe))
