"""The trainings of `offline-generalization`: each in a folder of its own, none done twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rltransfer.contexts import Context
from rltransfer.data import Transitions, collect
from rltransfer.envs import ContextualEnv, TrainingDefaults
from rltransfer.evaluation import evaluate
from rltransfer.experiment.solo.beginnings import digest_of
from rltransfer.experiment.solo.listener import Listener
from rltransfer.experiment.solo.record import SoloRecord
from rltransfer.experiment.solo.training import SoloTraining, train_solo
from rltransfer.reproductions.arms import offline_trainer
from rltransfer.seeding import derive_seed
from rltransfer.training.algorithms import defaults_of
from rltransfer.training.behaviour import PolicyBehaviour
from rltransfer.training.head_start import HeadStart
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.recipes import make_recipe
from rltransfer.training.trainer import Trainer

if TYPE_CHECKING:
    from rltransfer.reproductions.diversity import DiversityBudget, OfflineGeneralization

__all__ = ["MANY", "ONLINE", "Bench", "Cell", "HeldOut", "draw_contexts"]

ONLINE = "online"
"""The arm that is PPO itself."""

MANY = "many"
"""The design whose PPO policy is recorded."""

EPISODES = 2
"""Behind each score while a policy learns."""

SPARE = 64
"""Points of the whole space that are drawn for each that is to lie outside."""


@dataclass(frozen=True)
class HeldOut:
    """Contexts for training, the few being the first of the many, and new ones."""

    train: tuple[Context, ...]
    test: tuple[Context, ...]
    outside: tuple[Context, ...]


def draw_contexts(
    env: ContextualEnv, vary: Sequence[str], train: int, held_out: int, seed: int
) -> HeldOut:
    """Draw contexts inside the split `inner60`, and outside of it, from a Sobol sequence each.

    Args:
        env: the family.
        vary: the features that vary.
        train: how many training may see.
        held_out: how many new ones, inside and outside each.
        seed: of the sequences.
    """
    names = tuple(vary)
    space, inner = env.space.select(names), env.spec.splits["inner60"].of(names).train
    low, high = space.to_unit([{name: inner[name][end] for name in names} for end in (0, 1)])
    rng = np.random.default_rng(derive_seed(seed, "contexts"))
    inside = low + (high - low) * space.to_unit(space.sobol(train + held_out, rng))
    whole = space.to_unit(space.sobol(SPARE * held_out, rng))
    beyond = whole[((whole < low) | (whole > high)).any(axis=1)][:held_out]
    drawn = space.from_unit(inside)
    return HeldOut(drawn[:train], drawn[train:], space.from_unit(beyond))


class Cell(NamedTuple):
    """One training: who learns, from which design, with which seed."""

    arm: str
    design: str
    seed: int


@dataclass(frozen=True)
class Bench:
    """Where the trainings of one budget happen.

    Attributes:
        reproduction: what is reproduced.
        budget: how much of it.
        folder: a folder per training in it.
    """

    reproduction: OfflineGeneralization
    budget: DiversityBudget
    folder: Path

    @property
    def family(self) -> ContextualEnv:
        """The family."""
        return self.reproduction.family

    @property
    def defaults(self) -> TrainingDefaults:
        """The settings of PPO, with the budget's steps."""
        known = defaults_of(self.family, "PPO")[1]
        return known.model_copy(update={"steps": self.budget.steps})

    def contexts(self, seed: int) -> HeldOut:
        """Return all contexts of a seed."""
        most, held_out = self.budget.many.contexts, self.budget.held_out
        return draw_contexts(self.family, self.reproduction.vary, most, held_out, seed)

    def seen(self, cell: Cell) -> tuple[Context, ...]:
        """Return the contexts that a training sees."""
        return self.contexts(cell.seed).train[: self.budget.designs[cell.design].contexts]

    def place(self, cell: Cell) -> Path:
        """Return the folder of a training."""
        return self.folder / f"seed-{cell.seed}" / f"{cell.arm}-{cell.design}"

    def train_online(self, cell: Cell, listener: Listener) -> None:
        """Train PPO on the contexts of a design, unless that is done."""
        recipe = make_recipe(
            "multi-task", algorithm="PPO", defaults=self.defaults, observe=self.reproduction.vary
        )
        self.train(cell, recipe.trainer(self.family), None, listener)

    def train_offline(self, cell: Cell, listener: Listener) -> None:
        """Train an arm on the data of a design, unless that is done."""
        trainer = offline_trainer(cell.arm, self.family, self.defaults, self.reproduction.vary)
        self.train(cell, trainer, self.recorded(cell), listener)

    def train(
        self, cell: Cell, trainer: Trainer, data: Transitions | None, listener: Listener
    ) -> None:
        """Train a policy into its folder, unless it is there."""
        contexts = self.seen(cell)
        told: dict[str, Any] = {
            **cell._asdict(),
            "env": self.family.spec.id,
            "contexts": [dict(x) for x in contexts],
            "steps": self.budget.steps,
            "data": None if data is None else digest_of(data),
        }
        problem = TrainingProblem(self.family, contexts, self.reproduction.vary)
        start = HeadStart(data=data)
        training = SoloTraining(problem, trainer, start, cell.arm, EPISODES, cell.seed, told)
        train_solo(training, self.place(cell), listener)

    def recorded(self, cell: Cell) -> Transitions:
        """Record the policy that PPO has trained on many contexts, in those of a design."""
        expert = Policy.load(self.place(Cell(ONLINE, MANY, cell.seed)))
        wanted = self.budget.designs[cell.design].transitions
        seed = derive_seed(cell.seed, f"record {cell.design}")
        return collect(self.family, self.seen(cell), PolicyBehaviour(expert), wanted, seed)

    def seconds(self, cell: Cell) -> float:
        """Return how long a training took."""
        return SoloRecord.read(self.place(cell)).seconds

    def scores(self, cell: Cell) -> dict[str, float]:
        """Return a policy's mean scores: where it was trained, inside, outside, and its gap."""
        drawn, score = self.contexts(cell.seed), self.family.spec.score
        parts = {"train": self.seen(cell), "test": drawn.test, "outside": drawn.outside}
        policy, seed = Policy.load(self.place(cell)), derive_seed(cell.seed, "measure")
        told = {}
        for part, contexts in parts.items():
            found = evaluate(policy, self.family, contexts, self.budget.episodes, seed)
            told[part] = (float(found.returns.mean()) - score.low) / (score.high - score.low)
        return {**told, "gap": told["train"] - told["test"]}
