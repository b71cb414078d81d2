"""How the kernels see a policy and its critic: one vector that holds actor, log σ, critic."""

from __future__ import annotations

from dataclasses import dataclass

from stable_baselines3.common.policies import ActorCriticPolicy

from rltransfer.training.kernels.objective import Networks
from rltransfer.training.parameters import Parameters, linear_layers, shape_of

__all__ = ["Layout"]


@dataclass(frozen=True)
class Layout:
    """The networks of a policy, and where their parameters lie in the vector.

    Attributes:
        networks: shapes of actor and critic, and where the vector is cut.
        parameters: in order.
    """

    networks: Networks
    parameters: Parameters

    @classmethod
    def of(cls, policy: ActorCriticPolicy) -> Layout:
        """Lay out a policy that `support.obstacle` lets pass."""
        actor = linear_layers(policy.mlp_extractor.policy_net, policy.action_net)
        critic = linear_layers(policy.mlp_extractor.value_net, policy.value_net)
        log_std = [policy.log_std] if hasattr(policy, "log_std") else []
        of_actor = [p for layer in actor for p in layer.parameters()]
        of_critic = [p for layer in critic for p in layer.parameters()]
        actor_end = sum(p.numel() for p in of_actor)
        networks = Networks(
            shape_of(actor, policy.activation_fn),
            shape_of(critic, policy.activation_fn),
            actor_end,
            actor_end + sum(p.numel() for p in log_std),
        )
        return cls(networks, Parameters.of([*of_actor, *log_std, *of_critic]))
