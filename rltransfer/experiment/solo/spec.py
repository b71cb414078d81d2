"""From what is asked for, names and numbers, to a training with its data and policies in hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rltransfer.data import Transitions
from rltransfer.envs import ContextualEnv, make
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.monitor import monitor_episodes
from rltransfer.experiment.solo.beginnings import (
    digest_of,
    name_of,
    require_start,
    uses_data,
)
from rltransfer.experiment.solo.training import SoloTraining
from rltransfer.training.algorithms import defaults_of, resolve
from rltransfer.training.head_start import HeadStart
from rltransfer.training.policy import Policy
from rltransfer.training.recipes import Recipe, make_recipe
from rltransfer.training.stopping import StoppingRule
from rltransfer.training.tensorboard import require_tensorboard
from rltransfer.training.trainer import Trainer

__all__ = ["SoloSpec"]


@dataclass(frozen=True)
class SoloSpec:
    """One policy for one context.

    Attributes:
        env: a name of the catalogue.
        context: features that are not named have their default.
        trainer: a name of `RECIPES`.
        algorithm: a name of `ALGORITHMS`; None for the family's own.
        datasets: Minari datasets of the family, joined in this order.
        root: their folder; None for the one that Minari uses.
        policy: a policy's folder to start from.
        steps: budget of environment steps; None for the family's own.
        stop: share of the family's score range at which the training ends early.
        record: how many of the last transitions to keep.
        seed: decides every random number.
        observe: context features that the policy sees; those of `policy` if there is one.
        tensorboard: a folder for logs of the training, which change no result; None for none.
    """

    env: str
    context: Mapping[str, float] = field(default_factory=dict)
    trainer: str = "from-scratch"
    algorithm: str | None = None
    datasets: tuple[str, ...] = ()
    root: Path | None = None
    policy: Path | None = None
    steps: int | None = None
    stop: float | None = None
    record: int = 0
    seed: int = 0
    observe: tuple[str, ...] = ()
    tensorboard: Path | None = None

    def training(self) -> SoloTraining:
        """Load what is named, and check that it fits together; nothing is written.

        Raises:
            InvalidContext, UnknownName: naming what the family or a registry does not have.
            InvalidExperiment: if the trainer cannot start from what is given.
            InvalidDataset, InvalidPolicy: if a dataset or the policy is not of this family.
        """
        if self.tensorboard is not None:
            require_tensorboard()
        env = make(self.env)
        policy = None if self.policy is None else Policy.load(self.policy)
        observe = self.observe or (() if policy is None else policy.observe)
        algorithm, known = defaults_of(env, self.algorithm)
        defaults = known if self.steps is None else known.model_copy(update={"steps": self.steps})
        resolve(algorithm, defaults, env)
        recipe = make_recipe(
            self.trainer,
            algorithm=algorithm,
            defaults=defaults,
            observe=observe,
            stop=self.stopping(env),
            record=self.record,
        )
        (problem,) = recipe.problems(env, [env.space.validate(self.context)])
        trainer = self.choose_trainer(recipe, env)
        if policy is not None:
            require_start(policy, env, observe, str(self.policy))
        data, datasets = self.read_datasets(env)
        start = HeadStart(policy=policy, members=() if policy is None else (policy,), data=data)
        told = {
            "env": env.spec.id,
            "context": dict(problem.contexts[0]),
            "trainer": self.trainer,
            "algorithm": algorithm,
            "seed": self.seed,
            "steps": defaults.steps,
            "stop": self.stop,
            "record": self.record,
            "observe": list(observe),
            "datasets": datasets,
            "from": None if policy is None else name_of(policy),
        }
        episodes = monitor_episodes(problem, defaults.steps)
        logs = self.tensorboard
        return SoloTraining(problem, trainer, start, self.trainer, episodes, self.seed, told, logs)

    def stopping(self, env: ContextualEnv) -> StoppingRule | None:
        """Return when the training ends early, in raw returns."""
        if self.stop is None:
            return None
        score = env.spec.score
        return StoppingRule(score.low + self.stop * (score.high - score.low))

    def choose_trainer(self, recipe: Recipe, env: ContextualEnv) -> Trainer:
        """Return the stages for what is given.

        Raises:
            InvalidExperiment: if the trainer needs something else, or would leave it unused.
        """
        if self.datasets and self.policy is None:
            return recipe.data_trainer(env)
        if self.policy is None:
            if recipe.inherits:
                raise InvalidExperiment(
                    f"the trainer {self.trainer!r} starts from recorded data or from a policy. "
                    "Give --dataset or --from, or train with 'from-scratch'."
                )
            return recipe.trainer(env)
        if not recipe.inherits:
            raise InvalidExperiment(
                f"the trainer {self.trainer!r} starts from random weights and cannot use --from. "
                "Try 'warm-start-ppo'."
            )
        if self.datasets:
            recipe.data_trainer(env)  # says if it would leave the data unused
        elif uses_data(recipe, env):
            raise InvalidExperiment(
                f"the trainer {self.trainer!r} needs recorded data beside the policy. Give "
                "--dataset, or use 'warm-start-ppo'."
            )
        return recipe.warm_trainer(env)

    def read_datasets(self, env: ContextualEnv) -> tuple[Transitions | None, list[dict[str, Any]]]:
        """Return all transitions, and each dataset's name and digest."""
        if not self.datasets:
            return None, []
        from rltransfer.data import load_dataset

        parts = [load_dataset(id, env, self.root).transitions for id in self.datasets]
        told = [
            {"id": id, "steps": len(part), "digest": digest_of(part)}
            for id, part in zip(self.datasets, parts, strict=True)
        ]
        return Transitions.joined(parts), told
