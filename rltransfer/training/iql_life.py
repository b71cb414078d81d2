"""An agent that acts in environments and remembers what happens. Imports torch: load it late."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv

from rltransfer.data import Transitions
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.training.iql_agent import IQLAgent
from rltransfer.training.recording import RecordingVecEnv
from rltransfer.training.replay import Replay

__all__ = ["Life"]


class Life:
    """The agent in its environments, and what it remembers.

    Args:
        venv: the environments.
        agent: acts.
        replay: gets every transition.
        record: how many of the last transitions to keep besides.
    """

    def __init__(self, venv: ContextVecEnv, agent: IQLAgent, replay: Replay, record: int) -> None:
        self.agent, self.replay = agent, replay
        self._episodes = venv.episodes
        self._recorder = RecordingVecEnv(venv, record) if record else None
        self._venv: VecEnv = self._recorder or venv
        self._x: Any = None

    def step(self) -> int:
        """Take one step in every environment; return how many those are."""
        x = np.array(self._venv.reset() if self._x is None else self._x)
        actions, units = self.agent.sample(x), self.agent.units(self._episodes.contexts)
        self._x, rewards, ends, infos = self._venv.step(actions)
        reached, terminated = np.array(self._x), np.array(ends)
        for row in np.flatnonzero(ends).tolist():
            reached[row] = infos[row]["terminal_observation"]
            terminated[row] = not infos[row]["TimeLimit.truncated"]
        self.replay.add(self.agent.columns(x, actions, rewards, reached, terminated, units))
        return self._venv.num_envs

    def recorded(self) -> Transitions | None:
        """Return the transitions that were to be kept; see `RecordingVecEnv.transitions`."""
        return None if self._recorder is None else self._recorder.transitions()
