"""Collecting experience: `OnPolicyAlgorithm.collect_rollouts` with one kernel call per step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from rltransfer.training.kernels.acting import act, advantages_of, values_of

if TYPE_CHECKING:
    from rltransfer.training.fast_ppo.agent import FastPPO
    from rltransfer.training.kernels.objective import Networks

__all__ = ["collect"]

Array = NDArray[Any]
Stepped = tuple[Array, Array, Array, list[dict[str, Any]]]


def collect(
    agent: FastPPO,
    env: VecEnv,
    callback: BaseCallback,
    rollout_buffer: RolloutBuffer,
    n_rollout_steps: int,
) -> bool:
    """Fill the buffer; return False if the callback ended the training.

    Local names are those of Stable-Baselines3, for callbacks are shown them.
    """
    rollout_buffer.reset()
    callback.on_rollout_start()  # may give the agent other weights and another seed
    layout = agent.layout
    pilot = Pilot(layout.parameters.values(), layout.networks, agent.action_space)
    noise = pilot.noise(n_rollout_steps, env.num_envs)
    for n_steps in range(n_rollout_steps):
        actions, values, log_probs = pilot.act(cast(Array, agent._last_obs), noise[n_steps])
        clipped_actions = pilot.allowed(actions)
        new_obs, rewards, dones, infos = cast(Stepped, env.step(clipped_actions))
        agent.num_timesteps += env.num_envs
        callback.update_locals(locals())
        if not callback.on_step():
            return False
        agent._update_info_buffer(infos, dones)
        if dones.any():
            pilot.bootstrap(rewards, dones, infos, agent.gamma)
        remember(rollout_buffer, agent, actions, rewards, values, log_probs)
        agent._last_obs, agent._last_episode_starts = new_obs, dones
    pilot.judge(rollout_buffer, new_obs, dones)
    callback.update_locals(locals())
    callback.on_rollout_end()
    return True


def remember(
    buffer: RolloutBuffer,
    agent: FastPPO,
    actions: Array,
    rewards: Array,
    values: Array,
    log_probs: Array,
) -> None:
    """Write one step of all environments into the buffer."""
    step = buffer.pos
    buffer.observations[step] = agent._last_obs
    buffer.actions[step] = actions.reshape(len(actions), -1)
    buffer.rewards[step] = rewards
    buffer.episode_starts[step] = agent._last_episode_starts
    buffer.values[step] = values
    buffer.log_probs[step] = log_probs
    buffer.pos += 1
    buffer.full = buffer.pos == buffer.buffer_size


class Pilot:
    """A policy with its weights as they were when the rollout began.

    Args:
        parameters, networks: see `Layout`.
        space: of actions.
    """

    def __init__(
        self,
        parameters: NDArray[np.float32],
        networks: Networks,
        space: gym.spaces.Space[Any],
    ) -> None:
        self.parameters, self.networks, self.space = parameters, networks, space

    def noise(self, steps: int, n: int) -> NDArray[np.float32]:
        """Draw the random numbers of a whole rollout, shape (steps, n, a)."""
        if isinstance(self.space, gym.spaces.Discrete):
            return torch.rand(steps, n, 1).numpy()
        return torch.randn(steps, n, *self.space.shape or ()).numpy()

    def act(self, observations: Array, noise: NDArray[np.float32]) -> tuple[Array, Array, Array]:
        """Return actions, (n,) or (n, a), values (n,) and log-probabilities (n,)."""
        discrete = isinstance(self.space, gym.spaces.Discrete)
        actions = np.empty_like(noise)
        values, log_probs = np.empty((2, len(noise)), np.float32)
        act(self.parameters, self.networks, observations, noise, actions, log_probs, values)
        return actions[:, 0].astype(np.int64) if discrete else actions, values, log_probs

    def allowed(self, actions: Array) -> Array:
        """Return the actions inside the space."""
        if isinstance(self.space, gym.spaces.Box):
            return np.clip(actions, self.space.low, self.space.high)
        return actions

    def bootstrap(
        self, rewards: Array, dones: Array, infos: list[dict[str, Any]], gamma: float
    ) -> None:
        """Add the value of the state at which time ran out to an episode's last reward."""
        for row in np.flatnonzero(dones).tolist():
            last = infos[row].get("terminal_observation")
            if last is not None and infos[row].get("TimeLimit.truncated", False):
                rewards[row] += gamma * self.values(last[None])[0]

    def values(self, observations: Array) -> Array:
        """Return the critic's values, shape (n,)."""
        return values_of(self.parameters, self.networks, observations)

    def judge(self, buffer: RolloutBuffer, new_obs: Array, dones: Array) -> None:
        """Write advantages and returns of a full buffer, given what came after its last step."""
        number = np.float32
        advantages_of(
            buffer.rewards,
            buffer.values,
            buffer.episode_starts,
            (self.values(new_obs), dones.astype(number)),
            number(buffer.gamma),
            number(buffer.gamma * buffer.gae_lambda),
            buffer.advantages,
        )
        buffer.returns = buffer.advantages + buffer.values
