"""Any simulator's environments behind the batch interface, stepped one after another."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.faults import Fault, reset_member, step_member
from rltransfer.envs.simulators.base import ContextBatch, Observations, Simulator, Transition
from rltransfer.errors import InvalidExperiment

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["LoopBatch"]

SEED_HIGH = 2**31

log = logging.getLogger(__name__)


class LoopBatch(ContextBatch):
    """A list of Gymnasium environments that looks like an array program.

    A scalar environment's state cannot be written from outside, so the "state" that a reset
    takes is the seed of the episode: one number per member, drawn from the caller's generator.
    """

    def __init__(self, contexts: Sequence[Context]) -> None:
        raise TypeError("use LoopBatch.of(spec, simulator, contexts).")

    @classmethod
    def of(
        cls, spec: EnvironmentSpec, simulator: Simulator, contexts: Sequence[Context]
    ) -> LoopBatch:
        """Build one environment per complete context.

        Raises:
            Fault: naming the row whose environment could not be built; the others are closed.
        """
        batch = cls.__new__(cls)
        batch._simulator = simulator
        batch._envs = []
        try:
            for context in contexts:
                batch._envs.append(simulator.build(spec, context))
            batch._take_spaces(spec)
        except Exception as error:
            close_all(batch._envs)
            raise Fault.of(error, min(len(batch), len(contexts) - 1)) from error
        shape = (len(batch), *batch.observation_space.shape)
        batch._seen = np.zeros(shape, dtype=batch.observation_space.dtype)
        batch._terminated = np.zeros(len(batch), dtype=np.bool_)
        batch._truncated = np.zeros(len(batch), dtype=np.bool_)
        return batch

    _simulator: Simulator
    _envs: list[gym.Env[Any, Any]]
    _seen: Observations  # (n, o), the last ones
    _terminated: NDArray[np.bool_]  # (n,), whose task has ended
    _truncated: NDArray[np.bool_]  # (n,), whose own time is over

    def _take_spaces(self, spec: EnvironmentSpec) -> None:
        env = self._envs[0]
        if not isinstance(env.observation_space, gym.spaces.Box):
            raise InvalidExperiment(
                f"{spec.id}: only Box observations can be batched; got {env.observation_space}."
            )
        if not isinstance(env.action_space, (gym.spaces.Box, gym.spaces.Discrete)):
            raise InvalidExperiment(
                f"{spec.id}: only Box and Discrete actions can be batched; got {env.action_space}."
            )
        self.observation_space = env.observation_space
        self.action_space = env.action_space

    def __len__(self) -> int:
        return len(self._envs)

    def assign(self, rows: NDArray[np.intp], contexts: Sequence[Context]) -> None:
        """Give some members new contexts."""
        row = 0
        try:
            for row, context in zip(rows.tolist(), contexts, strict=True):
                self._simulator.apply(self._envs[row], context)
        except Exception as error:
            raise Fault.of(error, row) from error

    def initial_states(self, rng: np.random.Generator, episodes: int) -> NDArray[np.float64]:
        """Draw the seeds of some episodes, shape (episodes, 1)."""
        return rng.integers(SEED_HIGH, size=(episodes, 1)).astype(np.float64)

    def reset(self, rows: NDArray[np.intp], states: NDArray[np.float64]) -> Observations:
        """Begin the episodes of the given seeds in `rows`.

        Raises:
            Fault: naming the row that failed.
        """
        row = 0
        try:
            for row, seed in zip(rows.tolist(), states[:, 0].tolist(), strict=True):
                self._seen[row], _ = reset_member(self._envs[row], int(seed))
        except Exception as error:
            raise Fault.of(error, row) from error
        self._terminated[rows] = self._truncated[rows] = False
        return self._seen[rows]

    def step(self, actions: NDArray[Any]) -> Transition:
        """Step the members one after another.

        Many environments may not be stepped after their end, so a member that has ended stays as
        it is, with reward 0, until it is reset.

        Raises:
            Fault: naming the row that failed.
        """
        rewards, row = np.zeros(len(self)), 0
        try:
            for row in np.flatnonzero(~(self._terminated | self._truncated)).tolist():
                seen, reward, terminated, truncated, _ = step_member(self._envs[row], actions[row])
                self._seen[row], rewards[row] = seen, reward
                self._terminated[row], self._truncated[row] = terminated, truncated
        except Exception as error:
            raise Fault.of(error, row) from error
        return Transition(
            self._seen.copy(), rewards, self._terminated.copy(), self._truncated.copy()
        )

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Close and drop all members but `rows`."""
        kept = set(rows.tolist())
        close_all([env for row, env in enumerate(self._envs) if row not in kept])
        self._envs = [self._envs[row] for row in rows]
        self._seen = self._seen[rows]
        self._terminated, self._truncated = self._terminated[rows], self._truncated[rows]


def close_all(envs: Sequence[gym.Env[Any, Any]]) -> None:
    """Close environments; one that cannot be closed is let go of, and keeps none of the others."""
    for env in envs:
        try:
            env.close()
        except Exception as error:
            log.warning("an environment could not be closed: %s: %s", type(error).__name__, error)
