"""A training whose checkpoints are all kept: who is the expert, who is medium.

Notation
    J                mean return of a checkpoint, acting deterministically; decides which is best
    J_played         its mean return when actions are drawn, as they are recorded
    J_random         mean return of uniform random actions
    level            (J_played - J_random) / (J of the best - J_random)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.envs import ContextualEnv
from rltransfer.errors import SourceFailed
from rltransfer.evaluation import evaluate
from rltransfer.seeding import derive_seed
from rltransfer.training.algorithms import AlgorithmSettings
from rltransfer.training.head_start import HeadStart
from rltransfer.training.online import OnlineRL
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem

__all__ = ["Checkpoint", "Checkpoints", "Told", "episodes_per_look", "train"]

Told = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is."""

LOOKS = 40
"""Checkpoints of a training: one after each 2.5 % of its steps."""

EPISODES = range(5, 21)
"""How many episodes may be behind a checkpoint's return."""

SHARE = 2.0
"""Most steps of all these episodes, as a share of the training's own, if there are enough."""

MEDIUM = 1 / 3
"""The level of a medium policy, as in D4RL (arXiv:2004.07219)."""

ROLLOUT = 2048
"""Steps of a row by which a training may exceed its budget, where settings do not say."""


@dataclass(frozen=True)
class Checkpoint:
    """A policy in training: after how many steps, and its mean return."""

    steps: int
    policy: Policy
    score: float


@dataclass(frozen=True)
class Checkpoints:
    """All that a training has left.

    Attributes:
        all: in the order of training, at least one.
        recorded: what the training saw, row after row; None if it was not kept.
        rows: how many rows it saw that in.
    """

    all: tuple[Checkpoint, ...]
    recorded: Transitions | None = None
    rows: int = 1

    @property
    def best(self) -> Checkpoint:
        """The one with the highest return; of equals, the latest."""
        return max(reversed(self.all), key=lambda checkpoint: checkpoint.score)

    @property
    def until_best(self) -> tuple[Checkpoint, ...]:
        """Those no later than the best."""
        return self.all[: self.all.index(self.best) + 1]

    def medium(self, random: float, played: Sequence[float]) -> Checkpoint:
        """Return the one, no later than the best, whose level is nearest to a third.

        Args:
            random: J_random.
            played: J_played of each of `until_best`.

        Raises:
            SourceFailed: if no checkpoint is better than random actions.
        """
        best = self.best
        if best.score <= random:
            raise SourceFailed(
                f"no checkpoint of {best.policy!r} is better than uniform random actions: their "
                f"mean return is {random:.4g}, and the best checkpoint's {best.score:.4g}. "
                "Train longer with --train-steps."
            )
        wanted = random + MEDIUM * (best.score - random)
        return self.until_best[int(np.abs(np.asarray(played) - wanted).argmin())]

    def seen_until(self, checkpoint: Checkpoint) -> Transitions:
        """Return what training saw before a checkpoint; episodes under way then are cut."""
        assert self.recorded is not None, "the training was not recorded"
        data = self.recorded
        table = np.arange(len(data)).reshape(self.rows, -1)[:, : checkpoint.steps // self.rows]
        rows, last = table.ravel(), np.zeros(len(data), dtype=np.bool_)
        last[table[:, -1]] = True
        return Transitions(
            data.observations[rows],
            data.actions[rows],
            data.rewards[rows],
            data.next_observations[rows],
            data.terminated[rows],
            (data.truncated | (last & ~data.terminated))[rows],
            data.context_index[rows],
            data.contexts,
        )


def episodes_per_look(env: ContextualEnv, steps: int) -> int:
    """Return how many episodes are behind a checkpoint's return: fewer where they are dear."""
    affordable = int(SHARE * steps / (LOOKS * env.spec.horizon))
    return max(EPISODES[0], min(EPISODES[-1], affordable))


class KeepsAll:
    """A training monitor that keeps every policy it scores."""

    def __init__(self, problem: TrainingProblem, steps: int, seed: int, told: Told) -> None:
        self._problem, self._seed, self._told = problem, seed, told
        self._episodes = episodes_per_look(problem.env, steps)
        self.kept: list[Checkpoint] = []

    def score(self, policy: Policy) -> float:
        """Return the policy's mean return in the problem's context, and keep both."""
        problem = self._problem
        found = evaluate(policy, problem.env, problem.contexts, self._episodes, self._seed)
        score = float(found.returns.mean())
        self.kept.append(Checkpoint(int(policy.spec.provenance["steps"]), policy, score))
        return score

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Pass on how far the training is."""
        self._told("training", min(steps, total), total)

    def working(self, stage: str, done: int, total: int) -> None:
        """Pass on how far other work is."""
        self._told(stage, done, total)


def train(
    env: ContextualEnv,
    context: Context,
    settings: AlgorithmSettings,
    seed: int,
    told: Told,
    *,
    recorded: bool,
) -> Checkpoints:
    """Train in one context and keep all checkpoints.

    Raises:
        SourceFailed: if the simulator fails or the training diverges.
    """
    problem = TrainingProblem(env, [context])
    monitor = KeepsAll(problem, settings.steps, derive_seed(seed, "monitor", context), told)
    rollout = settings.n_envs * int(settings.hyperparameters.get("n_steps", ROLLOUT))
    stage = OnlineRL(settings, looks=LOOKS, record=settings.steps + rollout if recorded else 0)
    words = np.random.SeedSequence(derive_seed(seed, "train", context))
    result = stage.run(problem, HeadStart(), words, monitor)
    return Checkpoints(tuple(monitor.kept), result.recorded, settings.n_envs)
