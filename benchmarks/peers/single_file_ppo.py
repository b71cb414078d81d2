"""PPO in one file, in the manner of CleanRL: torch, and Gymnasium's vector environments.

Our own, after Schulman et al. 2017 and the details that Huang et al. 2022 list ("The 37
implementation details of PPO"); what time limits cut off is bootstrapped, as Stable-Baselines3
does, so that both have the same hyperparameters and the same objective.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from peers.learner import Setting
from torch import Tensor, nn
from torch.distributions import Categorical, Distribution, Independent, Normal

__all__ = ["SingleFilePPO"]

GAMMA, LAMBDA, EPSILON, VALUE_WEIGHT, LARGEST_NORM = 0.99, 0.95, 0.2, 0.5, 0.5


def layer(inputs: int, outputs: int, gain: float = 2**0.5) -> nn.Linear:
    """Return a linear layer with orthogonal weights."""
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, gain)
    nn.init.zeros_(linear.bias)
    return linear


def mlp(inputs: int, outputs: int, gain: float) -> nn.Sequential:
    """Return a network with two hidden layers."""
    hidden = [layer(inputs, 64), nn.Tanh(), layer(64, 64), nn.Tanh()]
    return nn.Sequential(*hidden, layer(64, outputs, gain))


class Agent(nn.Module):
    """An actor and a critic, tanh 64-64."""

    def __init__(self, space: gym.spaces.Space, inputs: int) -> None:
        super().__init__()
        self.discrete = isinstance(space, gym.spaces.Discrete)
        outputs = int(space.n) if self.discrete else space.shape[0]
        self.actor, self.critic = mlp(inputs, outputs, 0.01), mlp(inputs, 1, 1.0)
        self.log_std = nn.Parameter(torch.zeros(outputs))

    def policy(self, s: Tensor) -> Distribution:
        """Return the distribution of actions."""
        out = self.actor(s)
        return Categorical(logits=out) if self.discrete else self._gaussian(out)

    def _gaussian(self, mean: Tensor) -> Distribution:
        return Independent(Normal(mean, self.log_std.exp().expand_as(mean)), 1)

    def value(self, s: Tensor) -> Tensor:
        """Return V(s)."""
        return self.critic(s).squeeze(-1)


class SingleFilePPO:
    """The script as a learner."""

    def __init__(self, setting: Setting, seed: int) -> None:
        torch.manual_seed(seed)
        self.setting = setting
        members = [lambda: gym.make(setting.env) for _ in range(setting.n_envs)]
        self.envs = SyncVectorEnv(members, autoreset_mode=AutoresetMode.SAME_STEP)
        space = self.envs.single_action_space
        self.agent = Agent(space, self.envs.single_observation_space.shape[0])
        self.low, self.high = (0, 1) if self.agent.discrete else (space.low, space.high)
        self.adam = torch.optim.Adam(self.agent.parameters(), lr=setting.learning_rate, eps=1e-5)
        self.s = self._tensor(self.envs.reset(seed=seed)[0])
        self.totals = np.zeros(setting.n_envs)
        self._recent: deque[float] = deque(maxlen=100)

    def learn(self, steps: int) -> None:
        """Go on learning, for whole rollouts."""
        for _ in range(-(-steps // self.setting.rollout)):
            self.update(*self.roll_out())

    def recent(self) -> Sequence[float]:
        """Return the returns of the last episodes."""
        return self._recent

    def close(self) -> None:
        """Let go of the environments."""
        self.envs.close()

    @torch.no_grad()
    def roll_out(self) -> tuple[Tensor, ...]:
        """Return states, actions, log-probabilities, advantages and targets of a rollout."""
        T, n = self.setting.n_steps, self.setting.n_envs
        states, actions, log_probs, values = [], [], [], []
        rewards, over = torch.zeros(T, n), torch.zeros(T, n)
        for t in range(T):
            policy = self.agent.policy(self.s)
            action = policy.sample()
            states.append(self.s)
            actions.append(action)
            log_probs.append(policy.log_prob(action))
            values.append(self.agent.value(self.s))
            self.s, rewards[t], over[t] = self.step(action)
        values.append(self.agent.value(self.s))
        A = self.advantages(rewards, torch.stack(values), over)
        flat = [torch.stack(x).flatten(0, 1) for x in (states, actions, log_probs)]
        return *flat, A.flatten(), (A + torch.stack(values[:-1])).flatten()

    def step(self, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Step; return the next states, the rewards with what was cut off, and who ended."""
        clipped = action.numpy() if self.agent.discrete else self._inside(action.numpy())
        s, reward, terminated, truncated, info = self.envs.step(clipped)
        self.totals += reward
        over = terminated | truncated
        for row in np.flatnonzero(over):
            self._recent.append(float(self.totals[row]))
            self.totals[row] = 0.0
            if not terminated[row]:
                last = self._tensor(info["final_obs"][row])
                reward[row] += GAMMA * float(self.agent.value(last))
        return self._tensor(s), self._tensor(reward), self._tensor(over)

    def _inside(self, action: np.ndarray) -> np.ndarray:
        return np.clip(action, self.low, self.high)

    def _tensor(self, values: np.ndarray) -> Tensor:
        return torch.as_tensor(values, dtype=torch.float32)

    def advantages(self, rewards: Tensor, values: Tensor, over: Tensor) -> Tensor:
        """Return the generalised advantages."""
        A = torch.zeros_like(rewards)
        last = torch.zeros(rewards.shape[1])
        for t in reversed(range(len(rewards))):
            goes_on = 1.0 - over[t]
            delta = rewards[t] + GAMMA * values[t + 1] * goes_on - values[t]
            A[t] = last = delta + GAMMA * LAMBDA * goes_on * last
        return A

    def update(self, s: Tensor, a: Tensor, old: Tensor, A: Tensor, target: Tensor) -> None:
        """Go through the rollout some times, in minibatches."""
        for _ in range(self.setting.n_epochs):
            for rows in torch.randperm(len(s)).split(self.setting.batch_size):
                advantage = A[rows]
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                ratio = (self.agent.policy(s[rows]).log_prob(a[rows]) - old[rows]).exp()
                clipped = ratio.clamp(1 - EPSILON, 1 + EPSILON)
                gain = torch.min(ratio * advantage, clipped * advantage).mean()
                error = (target[rows] - self.agent.value(s[rows])).square().mean()
                self.adam.zero_grad()
                (VALUE_WEIGHT * error - gain).backward()
                nn.utils.clip_grad_norm_(self.agent.parameters(), LARGEST_NORM)
                self.adam.step()
