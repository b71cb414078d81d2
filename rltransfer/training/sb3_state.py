"""The state of a Stable-Baselines3 agent as plain arrays. Imports torch: load it late.

Restored are networks, optimisers, the entropy coefficient, statistics and counters. Not kept is
what the next segment makes anew: observations, episodes, random generators, a rollout that was
learnt from.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.save_util import recursive_getattr
from stable_baselines3.common.vec_env import VecNormalize

from rltransfer.training.kept import Rows, Tree
from rltransfer.training.torch_state import ModuleState, OptimizerState, array_of

__all__ = ["AgentState", "ReplayTable"]

COUNTERS = ("num_timesteps", "_n_updates", "_episode_num", "_n_calls", "exploration_rate",
            "_current_progress_remaining", "rollouts", "actor_rate")  # fmt: skip
"""Numbers that agents of some class change as they learn; `FineTuner` has the last two."""


class AgentState:
    """What of an agent is kept; see `kept.Kept`.

    Args:
        agent: any of Stable-Baselines3's, or built on one.
    """

    def __init__(self, agent: BaseAlgorithm) -> None:
        self._agent = agent

    def state(self) -> Tree:
        """Return networks, optimisers, statistics and counters."""
        agent = self._agent
        venv = agent.get_vec_normalize_env()
        return {
            "saved": {name: own.state() for name, own in self._saved.items()},
            "variables": {name: array_of(getattr(agent, name)) for name in self._variables},
            "counters": {name: getattr(agent, name) for name in COUNTERS if hasattr(agent, name)},
            "statistics": {} if venv is None else statistics_of(venv),
        }

    def restore(self, state: Tree) -> None:
        """Become as the agent was."""
        for name, own in self._saved.items():
            own.restore(state["saved"][name])
        with torch.no_grad():
            for name in self._variables:
                getattr(self._agent, name).copy_(torch.from_numpy(state["variables"][name]))
        for name, value in state["counters"].items():
            if name in COUNTERS:
                setattr(self._agent, name, value)
        venv = self._agent.get_vec_normalize_env()
        if venv is not None:
            restore_statistics(venv, state["statistics"])

    @property
    def _saved(self) -> dict[str, ModuleState | OptimizerState]:
        """Return the networks and optimisers that the agent itself would save."""
        names, _ = self._agent._get_torch_save_params()
        return {name: part_of(recursive_getattr(self._agent, name)) for name in names}

    @property
    def _variables(self) -> list[str]:
        """Return the names of single tensors that learn, such as SAC's entropy coefficient."""
        _, names = self._agent._get_torch_save_params()
        return [name for name in names if getattr(self._agent, name).requires_grad]


def part_of(saved: torch.nn.Module | torch.optim.Optimizer) -> ModuleState | OptimizerState:
    """Return a network, or an optimiser, as a part that is kept."""
    if isinstance(saved, torch.nn.Module):
        return ModuleState(saved)
    return OptimizerState(saved)


class ReplayTable:
    """The replay buffer of an agent, a slice of all environments per row; see `kept.Growing`.

    Args:
        agent: off-policy.
    """

    def __init__(self, agent: OffPolicyAlgorithm) -> None:
        self._agent = agent
        self._buffer = cast(ReplayBuffer, agent.replay_buffer)

    @property
    def count(self) -> int:
        """How many slices were added."""
        return self._agent.num_timesteps // self._agent.n_envs

    @property
    def capacity(self) -> int:
        """How many slices there is room for."""
        return self._buffer.buffer_size

    def rows(self, first: int) -> Rows:
        """Return the slices from `first` on."""
        at = np.arange(first, self.count) % self.capacity
        return {name: column[at] for name, column in self._columns.items()}

    def put(self, first: int, rows: Rows) -> None:
        """Put slices back."""
        end = first + len(rows["rewards"])
        at = np.arange(first, end) % self.capacity
        for name, column in self._columns.items():
            column[at] = rows[name]
        self._buffer.pos, self._buffer.full = end % self.capacity, end >= self.capacity

    def cut(self) -> None:
        """End the episodes under way: returns over several steps do not go on in the next."""
        if self.count:
            last = self._buffer.pos - 1
            running = self._buffer.dones[last] == 0.0
            self._buffer.timeouts[last][running] = 1.0

    @property
    def _columns(self) -> dict[str, NDArray[Any]]:
        names = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
        return {name: getattr(self._buffer, name) for name in names}


# -- statistics ----------------------------------------------------------------------------------


def statistics_of(venv: VecNormalize) -> dict[str, Tree]:
    """Return what a normalised environment has learnt; its returns begin anew with the episodes."""
    return {name: moments(own) for name, own in meters(venv).items()}


def moments(known: RunningMeanStd) -> Tree:
    """Return mean, variance and count, as they are."""
    return {"mean": np.array(known.mean), "var": np.array(known.var), "count": float(known.count)}


def restore_statistics(venv: VecNormalize, state: Tree) -> None:
    """Let a normalised environment know what another has learnt."""
    for name, known in meters(venv).items():
        own = state[name]
        known.mean, known.var = np.array(own["mean"]), np.array(own["var"])
        known.count = float(own["count"])


def meters(venv: VecNormalize) -> dict[str, RunningMeanStd]:
    """Return the running moments of observations, where they are normalised, and of returns."""
    found = {"returns": venv.ret_rms}
    if venv.norm_obs:
        found["observations"] = cast(RunningMeanStd, venv.obs_rms)
    return found
