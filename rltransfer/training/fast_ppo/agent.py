"""Stable-Baselines3's PPO with its two loops compiled: the same algorithm, agent and files.

    FastPPO("MlpPolicy", env, ...).learn(...)      as stable_baselines3.PPO

Rollouts and updates of small networks cost a hundred calls of torch each, and next to no
arithmetic. Here a rollout step is one call of a kernel, and an epoch of updates is one. Minibatches
come in the same order and the arithmetic is the same, so that weights after an update are SB3's but
for the last bits; actions are drawn with other random numbers, from the same generator of torch.
Callbacks, logger, `predict`, `save` and `load` are SB3's. Where an agent is not one that the
kernels are right for, SB3's own loops run, and a warning says why.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from rltransfer.training.fast_ppo.support import obstacle

if TYPE_CHECKING:
    from rltransfer.training.fast_ppo.layout import Layout

__all__ = ["FastPPO"]

log = logging.getLogger(__name__)


class FastPPO(PPO):
    """PPO for policies with one or a few small layers on the CPU; see the module.

    Attributes:
        obstacle: why SB3's own loops run, or None.
        optimizers: the classes whose step the kernels make.
    """

    obstacle: str | None = None
    optimizers: tuple[type[torch.optim.Optimizer], ...] = (torch.optim.Adam,)

    def _setup_model(self) -> None:
        super()._setup_model()
        self.obstacle = obstacle(self, self.optimizers)
        if self.obstacle is not None:
            log.warning("PPO trains with Stable-Baselines3's own loops: %s.", self.obstacle)

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "obstacle"]

    @property
    def layout(self) -> Layout:
        """Where the parameters lie in the vector that the kernels work on."""
        from rltransfer.training.fast_ppo.layout import Layout

        return Layout.of(self.policy)

    def norms(self) -> list[float]:
        """Return the largest gradient norm of each parameter group, beside that of all."""
        return [np.inf] * len(self.policy.optimizer.param_groups)

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        """Fill the buffer; return False if the callback ended the training."""
        if self.obstacle is not None:
            return super().collect_rollouts(env, callback, rollout_buffer, n_rollout_steps)
        from rltransfer.training.fast_ppo.rollout import collect
        from rltransfer.training.fast_ppo.whole_rollout import (
            collect_whole,
            physics_of,
            sees_only_rollouts,
        )

        physics = physics_of(env) if sees_only_rollouts(callback) else None
        if physics is not None and n_rollout_steps == rollout_buffer.buffer_size:
            return collect_whole(self, env, callback, rollout_buffer, physics)
        return collect(self, env, callback, rollout_buffer, n_rollout_steps)

    def train(self) -> None:
        """Update policy and critic on the buffer."""
        if self.obstacle is not None:
            super().train()
            return
        from rltransfer.training.fast_ppo.update import update

        update(self)

    def progress(self, schedule: Any) -> float:
        """Return what a schedule says now."""
        return float(schedule(self._current_progress_remaining))
