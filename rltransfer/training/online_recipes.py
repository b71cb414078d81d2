"""Recipes of one algorithm from random weights: for one context, for all, for each."""

from __future__ import annotations

from dataclasses import dataclass

from rltransfer.envs import ContextualEnv, TrainingDefaults
from rltransfer.errors import InvalidExperiment
from rltransfer.training.algorithms import AlgorithmSettings, defaults_of, resolve
from rltransfer.training.context_samplers import EVENLY
from rltransfer.training.online import OnlineRL
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.recipe import Contexts
from rltransfer.training.stopping import StoppingRule
from rltransfer.training.trainer import Trainer

__all__ = ["FromScratch", "Independent", "MultiTask", "OnlineRecipe"]


@dataclass(frozen=True)
class OnlineRecipe:
    """A recipe whose trainer is one algorithm from random weights.

    Attributes:
        algorithm: a name of `ALGORITHMS`; None for the family's own.
        defaults: its settings; None for the family's.
        observe: the context features that the policies see.
        stop: ends a training before its budget is spent.
        record: how many of a training's last transitions are kept.
        contexts: how episodes get theirs, where a policy is trained on several; a name of
            `CONTEXT_SAMPLERS`.
    """

    algorithm: str | None = None
    defaults: TrainingDefaults | None = None
    observe: tuple[str, ...] = ()
    stop: StoppingRule | None = None
    record: int = 0
    contexts: str = EVENLY

    @property
    def inherits(self) -> bool:
        """No: it begins with random weights."""
        return False

    @property
    def needs_data(self) -> bool:
        """No: it learns from its own steps."""
        return False

    def settings(self, env: ContextualEnv) -> AlgorithmSettings:
        """Return the algorithm's settings for a family, checked."""
        name, known = defaults_of(env, self.algorithm)
        return resolve(name, self.defaults or known, env)

    def trainer(self, env: ContextualEnv) -> Trainer:
        """Return the trainer; see `Recipe.trainer`."""
        settings = self.settings(env)
        stage = OnlineRL(settings, stop=self.stop, record=self.record, contexts=self.contexts)
        return Trainer([stage])

    def data_trainer(self, env: ContextualEnv) -> Trainer:
        """Refuse.

        Raises:
            InvalidExperiment: always: data would be left unused.
        """
        raise InvalidExperiment(
            "a trainer that begins with random weights learns from its own steps and cannot use "
            "recorded data. Use one such as 'uni-o4', or give no dataset."
        )

    def warm_trainer(self, env: ContextualEnv) -> Trainer:
        """Return the trainer; what could be inherited is left unused."""
        return self.trainer(env)


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
    """All contexts, one policy: every episode draws its context; see `observe`, `contexts`."""

    def problems(self, env: ContextualEnv, contexts: Contexts) -> tuple[TrainingProblem, ...]:
        """Return the only problem."""
        return (TrainingProblem(env, contexts, self.observe),)


class Independent(OnlineRecipe):
    """All contexts, one policy each."""

    def problems(self, env: ContextualEnv, contexts: Contexts) -> tuple[TrainingProblem, ...]:
        """Return a problem per context, in order."""
        return tuple(TrainingProblem(env, [context], self.observe) for context in contexts)
