"""PPO that goes on from a policy it did not make: Stable-Baselines3's, with two step sizes.

A critic that has to catch up may take large steps; an actor that is good already must not. So
actor and critic have a step size and a gradient norm each, the actor rests while the critic warms
up, and the actor's step size follows the KL divergence of its updates. Imports torch: load it
late.

Notation
    KL      mean divergence of the policy before an update from the one after it, as PPO estimates
            it on the last minibatches
"""

from __future__ import annotations

from typing import Any, cast

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.type_aliases import Schedule

from rltransfer.training.fast_ppo import FastPPO

__all__ = ["FineTuner", "TwoRatePolicy"]

ACTOR, CRITIC = 0, 1
CRITIC_PARTS = ("mlp_extractor.value_net.", "value_net.")
NO_CLIP = 1e9
"""Of the joint gradient norm: each network's is clipped by the optimiser."""


class PerNetworkAdam(torch.optim.Adam):
    """Adam that clips the gradient norm of each parameter group by itself."""

    def __init__(self, groups: Any, *, max_norm: float, **settings: Any) -> None:
        super().__init__(groups, **settings)
        self.max_norm = max_norm

    def step(self, closure: Any = None) -> Any:
        """Clip, then go a step."""
        for group in self.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], self.max_norm)
        return super().step(closure)


class TwoRatePolicy(ActorCriticPolicy):
    """SB3's actor and critic, with a parameter group for each in the optimiser."""

    def __init__(self, *args: Any, max_norm: float = 0.5, **settings: Any) -> None:
        self.max_norm = max_norm
        super().__init__(*args, **settings)

    def _build(self, lr_schedule: Schedule) -> None:
        super()._build(lr_schedule)
        actor: list[torch.nn.Parameter] = []
        critic: list[torch.nn.Parameter] = []
        for name, parameter in self.named_parameters():
            (critic if name.startswith(CRITIC_PARTS) else actor).append(parameter)
        self.optimizer = PerNetworkAdam(
            [{"params": actor}, {"params": critic}],
            max_norm=self.max_norm,
            lr=lr_schedule(1),
            eps=1e-5,
        )

    def _get_constructor_parameters(self) -> dict[str, Any]:
        return {**super()._get_constructor_parameters(), "max_norm": self.max_norm}


class FineTuner(FastPPO):
    """PPO with a step size of its own for the actor.

    Args:
        actor_rate: the actor's first step size; `learning_rate` is the critic's. None: the
            actor's is the critic's, too, and falls with it.
        actor_rates: the least and the largest step size that the KL divergence may lead to.
        desired_kl: per update; a KL above 2x divides the actor's step size by 1.5, one below half
            multiplies it (Schulman et al. 2017, section 4, for the penalty's coefficient).
            None: the step size stays.
        warm_up: rollouts in which only the critic learns.
    """

    def __init__(
        self,
        *args: Any,
        actor_rate: float | None = 3e-5,
        actor_rates: tuple[float, float] = (1e-6, 1e-3),
        desired_kl: float | None = 0.01,
        warm_up: int = 0,
        **settings: Any,
    ) -> None:
        self.actor_rate, self.actor_rates = actor_rate, actor_rates
        self.desired_kl, self.warm_up = desired_kl, warm_up
        self.rollouts = 0
        super().__init__(*args, **{**settings, "max_grad_norm": NO_CLIP})

    optimizers = (PerNetworkAdam,)

    def norms(self) -> list[float]:
        """Return the largest gradient norm of each network."""
        optimizer = cast(PerNetworkAdam, self.policy.optimizer)
        return [optimizer.max_norm] * len(optimizer.param_groups)

    @property
    def warming_up(self) -> bool:
        """Whether the actor rests."""
        return self.rollouts < self.warm_up

    def train(self) -> None:
        """Update on the last rollout; then choose the actor's next step size."""
        super().train()
        if not self.warming_up and self.desired_kl is not None and self.actor_rate is not None:
            kl = float(self.logger.name_to_value["train/approx_kl"])
            self.actor_rate = self._followed(self.actor_rate, kl / self.desired_kl)
        self.rollouts += 1

    def _followed(self, rate: float, excess: float) -> float:
        """Return a smaller step size after a large KL, a larger one after a small."""
        factor = 1 / 1.5 if excess > 2.0 else 1.5 if excess < 0.5 else 1.0
        low, high = self.actor_rates
        return min(high, max(low, rate * factor))

    def _update_learning_rate(self, optimizers: Any) -> None:
        super()._update_learning_rate(optimizers)
        group = self.policy.optimizer.param_groups[ACTOR]
        if self.warming_up:
            group["lr"] = 0.0
        elif self.actor_rate is not None:
            group["lr"] = self.actor_rate
