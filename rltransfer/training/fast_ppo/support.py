"""Which agents the compiled arithmetic is right for."""

from __future__ import annotations

from importlib.util import find_spec

import gymnasium as gym
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import FlattenExtractor, MlpExtractor

__all__ = ["obstacle"]

WIDEST = 512
"""Above, products of matrices are all there is to do, and BLAS does them best."""

OWN = ("forward", "evaluate_actions", "predict_values", "extract_features", "get_distribution")
"""Methods of a policy whose work the kernels do."""


def obstacle(agent: PPO, optimizers: tuple[type[torch.optim.Optimizer], ...]) -> str | None:
    """Return why an agent needs Stable-Baselines3's own loops, as half a sentence, or None.

    Args:
        agent: after its set-up.
        optimizers: the classes whose step the kernels make.
    """
    return (
        numba_obstacle()
        or agent_obstacle(agent)
        or policy_obstacle(agent.policy)
        or optimizer_obstacle(agent.policy.optimizer, optimizers)
    )


def numba_obstacle() -> str | None:
    """Return what is missing on this machine."""
    if find_spec("numba") is None:
        return 'Numba is not installed (pip install "rltransfer[fast]")'
    return None


def agent_obstacle(agent: PPO) -> str | None:
    """Return what is unusual about spaces, exploration, memory or device."""
    seen, chosen = agent.observation_space, agent.action_space
    if not isinstance(seen, gym.spaces.Box) or len(seen.shape) != 1:
        return f"observations are {seen}, not one vector"
    if not isinstance(chosen, gym.spaces.Discrete | gym.spaces.Box):
        return f"actions are {chosen}"
    if isinstance(chosen, gym.spaces.Box) and len(chosen.shape) != 1:
        return f"actions have the shape {chosen.shape}"
    if isinstance(chosen, gym.spaces.Discrete) and chosen.start != 0:
        return f"actions begin with {chosen.start}"
    if agent.use_sde:
        return "exploration depends on the state (use_sde)"
    if type(agent.rollout_buffer) is not RolloutBuffer:
        return f"its memory is a {type(agent.rollout_buffer).__name__}"
    if agent.device.type != "cpu":
        return f"it is on the device {agent.device}"
    return None


def policy_obstacle(policy: ActorCriticPolicy) -> str | None:
    """Return what is unusual about the networks."""
    from rltransfer.training.parameters import ACTIVATIONS

    changed = [m for m in OWN if getattr(type(policy), m) is not getattr(ActorCriticPolicy, m)]
    if changed:
        return f"{type(policy).__name__} has its own {changed[0]}"
    if type(policy.features_extractor) is not FlattenExtractor:
        return f"features come from a {type(policy.features_extractor).__name__}"
    if type(policy.mlp_extractor) is not MlpExtractor:
        return f"its networks are a {type(policy.mlp_extractor).__name__}"
    if policy.activation_fn not in ACTIVATIONS:
        return f"the activation is {policy.activation_fn.__name__}"
    if (widest := max(max(p.shape) for p in policy.parameters())) > WIDEST:
        return f"a layer is {widest} wide, more than {WIDEST}"
    if any(p.dtype != torch.float32 or not p.requires_grad for p in policy.parameters()):
        return "not all weights are float32 and trained"
    return None


def optimizer_obstacle(
    optimizer: torch.optim.Optimizer, known: tuple[type[torch.optim.Optimizer], ...]
) -> str | None:
    """Return what is unusual about the optimiser."""
    if type(optimizer) not in known:
        return f"the optimiser is {type(optimizer).__name__}"
    first = optimizer.param_groups[0]
    for group in optimizer.param_groups:
        if group["weight_decay"] or group["amsgrad"] or group["maximize"]:
            return "Adam has weight_decay, amsgrad or maximize"
        if (group["betas"], group["eps"]) != (first["betas"], first["eps"]):
            return "Adam's groups have different betas or eps"
    return None
