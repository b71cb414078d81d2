"""A policy as the `.zip` file that Stable-Baselines3 loads. Imports torch: load it late."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import stable_baselines3
import torch
from numpy.typing import NDArray

from rltransfer.errors import StorageError
from rltransfer.training.global_state import own_global_state
from rltransfer.training.network import layout_of
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.sb3_agent import ACTIVATIONS

__all__ = ["export_sb3"]


def export_sb3(policy: Policy, path: Path) -> Path:
    """Write a zip that plain Stable-Baselines3 loads: `PPO.load(path).predict(observation)`.

    A zip has no room for observation statistics, so they are folded into the first layers: the
    predictions are those of `policy.act` for every observation that the policy does not clip
    (10 standard deviations). Hyperparameters other than the network's are the library's defaults.

    Args:
        policy: what to write.
        path: the file; ".zip" is added to a name without suffix.

    Returns:
        the path written.

    Raises:
        StorageError: if the file cannot be written.
    """
    path = Path(path)
    final = path if path.suffix else path.with_suffix(".zip")
    temporary = final.with_name(f".tmp-{os.getpid()}-{final.name}")
    with own_global_state():
        agent = agent_like(policy)
    state = {name: torch.tensor(weight) for name, weight in folded(policy).items()}
    agent.policy.load_state_dict(state)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        agent.save(temporary)
        os.replace(temporary, final)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StorageError(f"{final} could not be written: {error.strerror or error}.") from error
    return final


def agent_like(policy: Policy) -> Any:
    """Return an untrained agent with the policy's spaces and networks."""
    spec = policy.spec
    networks = {
        "net_arch": net_arch(spec.algorithm, spec.network),
        "activation_fn": ACTIVATIONS[spec.network.activation],
    }
    if spec.network.critics:
        networks["n_critics"] = spec.network.critics
    sde = {"use_sde": True} if spec.network.use_sde else {}
    spaces = SpacesOnly(spec.observation_space.to_gym(), spec.action_space.to_gym())
    algorithm = getattr(stable_baselines3, spec.algorithm)
    return algorithm("MlpPolicy", spaces, device="cpu", policy_kwargs=networks, **sde)


def net_arch(algorithm: str, network: NetworkSpec) -> Any:
    """Return the hidden widths as `policy_kwargs` writes them."""
    if algorithm == "DQN":
        return list(network.actor)
    role = "qf" if network.critics else "vf"
    return {"pi": list(network.actor), role: list(network.critic)}


class SpacesOnly(gym.Env[Any, Any]):
    """An environment that has spaces and cannot be stepped: enough to build an agent."""

    def __init__(self, observation_space: gym.Space[Any], action_space: gym.Space[Any]) -> None:
        self.observation_space, self.action_space = observation_space, action_space


def folded(policy: Policy) -> dict[str, NDArray[np.float32]]:
    """Return weights that act on raw observations x: W z + b with z = (x - mean) / scale."""
    weights = dict(policy.weights)
    stats = policy.spec.normalization
    if stats is None:
        return weights
    mean, scale = np.asarray(stats.mean), np.sqrt(np.asarray(stats.var) + stats.epsilon)
    for layer in layout_of(policy.spec).layers:
        if layer.reads:
            W = weights[layer.weight].astype(np.float64)
            W[:, : len(mean)] /= scale  # a critic's further columns are the action's
            b = weights[layer.bias] - W[:, : len(mean)] @ mean
            weights[layer.weight] = W.astype(np.float32)
            weights[layer.bias] = b.astype(np.float32)
    return weights
