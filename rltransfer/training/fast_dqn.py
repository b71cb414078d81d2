"""Stable-Baselines3's DQN with its gradient steps compiled; see `fast_ppo` for the idea.

Minibatches are drawn by Stable-Baselines3's own buffer, in its order, and the arithmetic is the
same, so that weights after an update are SB3's but for the last bits. The environment is stepped by
SB3's own loop.
"""

from __future__ import annotations

import logging
from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork

from rltransfer.training.fast_ppo.support import WIDEST, numba_obstacle, optimizer_obstacle

__all__ = ["FastDQN"]

log = logging.getLogger(__name__)


class FastDQN(DQN):
    """DQN for small networks on the CPU; see the module.

    Attributes:
        obstacle: why SB3's own loop runs, or None.
    """

    obstacle: str | None = None

    def _setup_model(self) -> None:
        super()._setup_model()
        self.obstacle = obstacle(self)
        if self.obstacle is not None:
            log.warning("DQN trains with Stable-Baselines3's own loop: %s.", self.obstacle)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "obstacle"]

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Go some gradient steps on minibatches of the replay buffer.

        Raises:
            ValueError: if a weight would not be finite; the agent keeps those that it had.
        """
        if self.obstacle is not None:
            super().train(gradient_steps, batch_size)
            return
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        losses = learn(self, gradient_steps, batch_size)
        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/loss", float(np.mean(losses)))


def learn(agent: FastDQN, gradient_steps: int, batch_size: int) -> list[float]:
    """Change the agent's network and Adam's memory; return the loss before each step."""
    from rltransfer.training.kernels.q_learning import Memories, q_step
    from rltransfer.training.parameters import Parameters, linear_layers, shape_of

    q_net, optimizer = agent.q_net, agent.policy.optimizer
    parameters = Parameters.of(list(q_net.parameters()))
    target = Parameters.of(list(agent.q_net_target.parameters())).values()
    shape = shape_of(linear_layers(q_net.q_net), q_net.activation_fn)
    vector, (adam, steps) = parameters.values(), parameters.moments(optimizer)
    rate, norm = float(optimizer.param_groups[0]["lr"]), float(agent.max_grad_norm)
    buffer, losses = cast(ReplayBuffer, agent.replay_buffer), []
    for t in range(steps + 1, steps + gradient_steps + 1):
        drawn = buffer.sample(batch_size, env=agent._vec_normalize_env)
        seen = Memories(*memories(drawn, agent.gamma))
        losses.append(float(q_step(vector, target, shape, seen, adam, rate, norm, t)))
    if not np.isfinite(vector).all():
        raise ValueError("an update made weights that are not finite")
    parameters.assign(vector)
    parameters.keep_moments(optimizer, adam, steps + gradient_steps)
    return losses


def memories(drawn: ReplayBufferSamples, gamma: float) -> list[NDArray[Any]]:
    """Return a minibatch as arrays: states, next states, actions, rewards, discounts."""
    discounts = gamma if drawn.discounts is None else drawn.discounts
    tables = (drawn.observations, drawn.next_observations, drawn.actions.long(),
              drawn.rewards, (1 - drawn.dones) * discounts)  # fmt: skip
    states, following, actions, rewards, ahead = (np.asarray(table) for table in tables)
    number = np.float32
    return [states.astype(number), following.astype(number), actions,
            rewards.astype(number), ahead.astype(number)]  # fmt: skip


def obstacle(agent: DQN) -> str | None:
    """Return why an agent needs Stable-Baselines3's own loop, as half a sentence, or None."""
    return (
        numba_obstacle()
        or network_obstacle(agent)
        or optimizer_obstacle(agent.policy.optimizer, (torch.optim.Adam,))
    )


def network_obstacle(agent: DQN) -> str | None:
    """Return what is unusual about observations, network or device."""
    from rltransfer.training.parameters import ACTIVATIONS

    seen, q_net = agent.observation_space, agent.q_net
    if not isinstance(seen, gym.spaces.Box) or len(seen.shape) != 1:
        return f"observations are {seen}, not one vector"
    if type(agent.policy) is not DQNPolicy or type(q_net) is not QNetwork:
        return f"its policy is a {type(agent.policy).__name__}"
    if type(q_net.features_extractor) is not FlattenExtractor:
        return f"features come from a {type(q_net.features_extractor).__name__}"
    if q_net.activation_fn not in ACTIVATIONS:
        return f"the activation is {q_net.activation_fn.__name__}"
    if (widest := max(max(p.shape) for p in q_net.parameters())) > WIDEST:
        return f"a layer is {widest} wide, more than {WIDEST}"
    return None if agent.device.type == "cpu" else f"it is on the device {agent.device}"
