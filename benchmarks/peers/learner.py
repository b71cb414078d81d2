"""Learners that are compared: what they have in common, and when CartPole counts as solved."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

__all__ = ["Learner", "Setting", "answer", "solve"]

SOLVED, EPISODES, PATIENCE = 475.0, 20, 500_000


@dataclass(frozen=True)
class Setting:
    """PPO's hyperparameters; those that are not named are Stable-Baselines3's defaults."""

    env: str
    n_envs: int
    n_steps: int
    batch_size: int = 64
    n_epochs: int = 10
    learning_rate: float = 3e-4

    @property
    def rollout(self) -> int:
        """Transitions of one iteration."""
        return self.n_envs * self.n_steps

    @property
    def ppo(self) -> dict[str, float]:
        """The arguments of PPO's constructor."""
        return {name: value for name, value in asdict(self).items() if name not in OF_THE_ENV}

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps(asdict(self))


OF_THE_ENV = ("env", "n_envs")


class Learner(Protocol):
    """An agent that goes on learning where it was."""

    def learn(self, steps: int) -> None:
        """Take that many environment steps and learn from them."""

    def recent(self) -> Sequence[float]:
        """Return the returns of the last episodes, the latest last."""


def solve(learner: Learner, rollout: int) -> int:
    """Learn until the last 20 episodes of training return 475 on average; return the steps."""
    for done in range(rollout, PATIENCE, rollout):
        learner.learn(rollout)
        last = list(learner.recent())[-EPISODES:]
        if len(last) == EPISODES and sum(last) >= EPISODES * SOLVED:
            return done
    raise RuntimeError(f"CartPole was not solved in {PATIENCE:,} steps.")


def answer(create: Callable[[Setting, int], Learner]) -> None:
    """Answer `learn STEPS` and `solve SEED`, a line each, with the steps taken.

    The setting is the first word of the command line, as JSON. The process keeps to one core, for
    JAX cannot be told to use one thread.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    setting = Setting(**json.loads(sys.argv[1]))
    learner = create(setting, 0)
    print("ready", flush=True)
    for line in sys.stdin:
        verb, number = line.split()
        if verb == "learn":
            learner.learn(int(number))
            steps = int(number)
        else:
            steps = solve(create(setting, int(number)), setting.rollout)
        print(steps, flush=True)
