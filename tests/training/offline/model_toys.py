"""A mass on a rail, known exactly: its data, its policies and their true returns.

Notation
    x = (position, speed)    x' = x + 0.1 (speed, push · u), with u in [-1, 1]
    r = 1 - ½ position²      the episode ends where |position'| > 2
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import torch

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.data import Transitions
from rltransfer.envs import Spaces
from rltransfer.training import Policy, TrainingProblem
from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import SilentMonitor
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.dynamics import Dynamics
from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.dynamics_fresh import fresh_dynamics
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.offline.samples import ProblemData, Samples
from rltransfer.training.policy_spec import NetworkSpec

LIMIT = 2.0
EPISODE = 60
LEVELS = np.array([-1.0, 0.0, 1.0])
"""What the discrete actions push with."""


@dataclass(frozen=True)
class Rail:
    """A family of which a `TrainingProblem` can be made: all that offline stages ask for."""

    discrete: bool = False
    space = ContextSpace([ContextFeature("push", 1.0, 0.5, 1.5)])
    spec = SimpleNamespace(id="rail", horizon=EPISODE)

    @property
    def spaces(self) -> Spaces:
        actions = gym.spaces.Discrete(3) if self.discrete else gym.spaces.Box(-1, 1, (1,))
        return Spaces(gym.spaces.Box(-np.inf, np.inf, (2,)), actions)

    def problem(self, *pushes: float, observe: tuple[str, ...] = ()) -> TrainingProblem:
        contexts = [{"push": push} for push in pushes or (1.0,)]
        return TrainingProblem(self, contexts, observe)  # type: ignore[arg-type]

    def record(self, episodes: int, seed: int, *pushes: float) -> Transitions:
        """Episodes under random gains and noise, in the given contexts by turns."""
        rng = np.random.default_rng(seed)
        contexts = tuple(self.space.validate({"push": push}) for push in pushes or (1.0,))
        steps = [self._episode(rng, contexts, e % len(contexts)) for e in range(episodes)]
        rows = [row for episode in steps for row in episode]
        x, actions, r, after, ended, cut, index = (
            np.array(list(column)) for column in zip(*rows, strict=True)
        )
        kind = np.int64 if self.discrete else np.float32
        actions = actions.astype(kind) if self.discrete else actions.astype(kind)[:, None]
        return Transitions(
            x.astype(np.float32),
            actions,
            r.astype(np.float32),
            after.astype(np.float32),
            ended,
            cut,
            index.astype(np.int32),
            contexts,
        )

    def _episode(self, rng: np.random.Generator, contexts: Any, index: int) -> list[Any]:
        x, gains = rng.uniform(-1.0, 1.0, (1, 2)), rng.normal(0.0, 1.5, 2)
        rows = []
        for t in range(EPISODE):
            u = np.clip(x @ gains + rng.normal(), -1.0, 1.0)
            action = np.argmin(np.abs(u - LEVELS)) if self.discrete else u[0]
            if self.discrete:
                u = LEVELS[[action]]
            after, r, ended = advance(x, u, contexts[index]["push"])
            last = t == EPISODE - 1 and not ended[0]
            rows.append((x[0], action, r[0], after[0], ended[0], last, index))
            x = after
            if ended[0]:
                break
        return rows


def advance(x: np.ndarray, u: np.ndarray, push: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One true step of n masses: x' (n, 2), r (n,), whether it ends (n,)."""
    after = x + 0.1 * np.stack([x[:, 1], push * u], axis=1)
    return after, 1.0 - 0.5 * x[:, 0] ** 2, np.abs(after[:, 0]) > LIMIT


def true_return(
    part: ProblemData, gains: tuple[float, float], x: np.ndarray, horizon: int, discount: float
) -> np.ndarray:
    """The return of u = clip(-gains · x) from each start where push is 1, shape (n,)."""
    total, alive = np.zeros(len(x)), np.ones(len(x))
    for t in range(horizon):
        u = np.clip(-x @ np.array(gains), -1.0, 1.0)
        if part.data.actions.ndim == 1:
            u = LEVELS[np.abs(u[:, None] - LEVELS).argmin(axis=1)]
        x, r, ended = advance(x, u, push=1.0)
        total += discount**t * alive * r
        alive = alive * ~ended
    return total


def driver(part: ProblemData, gains: tuple[float, float]) -> Policy:
    """The policy u = clip(-gains · x); with discrete actions, the nearest level's logits."""
    spec = spec_for(part.problem, NetworkSpec(actor=(), activation="tanh"), part.normalization)
    policy = fresh_policy(spec, np.random.default_rng(0))
    std = np.sqrt(np.array(part.normalization.var) + part.normalization.epsilon)
    mean = np.array(part.normalization.mean)
    k = np.zeros(len(mean))
    k[:2] = gains
    row, offset = -k * std, -k @ mean
    if policy.weights["action_net.weight"].shape[0] == 3:  # argmax of u · level - level² / 2
        weight, bias = np.outer(LEVELS, row), LEVELS * offset - 0.5 * LEVELS**2
    else:
        weight, bias = row[None], np.array([offset])
    return Policy(spec, {**policy.weights, "action_net.weight": weight, "action_net.bias": bias})


def drivers(parts: list[ProblemData], *gains: tuple[float, float]) -> ActorStack:
    """The same n policies for each of G problems."""
    return ActorStack([driver(part, k) for part in parts for k in gains])


def drift(part: ProblemData, reward: float, p: float, worst: float) -> Dynamics:
    """A model of two equal members in which nothing matters: z₀ grows by 1 at every step.

    Args:
        part: the data of a problem; they are said to reach from z = -20 to z = 20.
        reward: scaled, of every step.
        p: the probability of a termination, at every step.
        worst: what a step beyond the data pays, scaled.
    """
    model = fresh_dynamics(Samples([part]), 2, (), (), [np.random.default_rng(0)])[0]
    arrays = {name: np.zeros_like(array) for name, array in model.weights.items()}
    arrays["target_mean"] = np.array([1.0, 0.0, reward])
    arrays["low"], arrays["high"] = np.full(2, -20.0), np.full(2, 20.0)
    arrays["ends.0.bias"] += np.log(p / (1.0 - p)) if p else 0.0
    spec = model.spec.model_copy(update={"terminates": p > 0.0, "worst": worst})
    return Dynamics(spec, arrays)


class FakeCritic:
    """V = 2 + z₀, min Q = z₀ + the first number of the action."""

    def v(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        return 2.0 + z[..., 0]

    def q_min(self, z: torch.Tensor, c: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        return z[..., 0] + (actions if actions.dim() == 2 else actions[..., 0])


def fitted(
    fit: FitDynamics, problems: list[TrainingProblem], data: list[Transitions], seeds: list[int]
) -> list[Any]:
    """The stage's results for some problems at once."""
    starts = [HeadStart(data=part) for part in data]
    return fit.run_all(
        problems, starts, [np.random.SeedSequence(s) for s in seeds], SilentMonitor()
    )
