"""A policy with random weights, as Stable-Baselines3's PPO begins."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidPolicy
from rltransfer.training.algorithms import AlgorithmSettings
from rltransfer.training.network import Layer, layout_of
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import (
    BoxSpace,
    NetworkSpec,
    Normalization,
    PolicySpec,
    plain_space,
)
from rltransfer.training.problem import TrainingProblem

__all__ = ["fresh_policy", "network_of", "spec_for"]

HIDDEN_GAIN = 2.0**0.5
GAINS = {"action_net": 0.01, "value_net": 1.0}
"""Of the orthogonal initial weights of the last layers, as in Stable-Baselines3."""


def network_of(settings: AlgorithmSettings) -> NetworkSpec:
    """Return the networks that an algorithm's settings ask for.

    Raises:
        InvalidPolicy: if the algorithm is not PPO.
    """
    if settings.algorithm != "PPO":
        raise InvalidPolicy(
            f"offline stages make PPO policies; got {settings.algorithm}. Use algorithm = 'PPO'."
        )
    given = settings.hyperparameters.get("policy_kwargs", {})
    arch = given.get("net_arch", (64, 64))
    pi, vf = (arch["pi"], arch["vf"]) if isinstance(arch, dict) else (arch, arch)
    return NetworkSpec(
        actor=tuple(pi), critic=tuple(vf), activation=given.get("activation_fn", "tanh")
    )


def spec_for(
    problem: TrainingProblem, network: NetworkSpec, normalization: Normalization | None
) -> PolicySpec:
    """Return the description of a PPO policy for a problem."""
    from rltransfer.envs.wrappers import visible_space

    seen: Any
    seen, actions = problem.env.spaces
    if problem.observe:
        seen = visible_space(seen, len(problem.observe))
    context = problem.context
    return PolicySpec(
        algorithm="PPO",
        network=network,
        observation_space=cast(BoxSpace, plain_space(seen, "the observation space")),
        action_space=plain_space(actions, "the action space"),
        normalization=normalization,
        env=problem.env.spec.id,
        context=None if context is None else dict(context),
        observe=problem.observe,
    )


def fresh_policy(spec: PolicySpec, rng: np.random.Generator, log_std: float = 0.0) -> Policy:
    """Return a policy with orthogonal weights, zero biases and one log σ for all actions."""
    layout = layout_of(spec)
    weights: dict[str, Any] = {
        name: np.full(shape, log_std, np.float32) for name, shape in layout.free.items()
    }
    for layer in layout.layers:
        weights[layer.weight] = orthogonal(layer, rng)
        weights[layer.bias] = np.zeros(layer.outputs, np.float32)
    return Policy(spec, weights)


def orthogonal(layer: Layer, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return orthogonal weights, shape (outputs, inputs), times the layer's gain."""
    rows, columns = max(layer.outputs, layer.inputs), min(layer.outputs, layer.inputs)
    q, r = np.linalg.qr(rng.standard_normal((rows, columns)))
    q = q * np.sign(np.diagonal(r))
    gain = GAINS.get(layer.name, HIDDEN_GAIN)
    return np.asarray(gain * (q if layer.outputs >= layer.inputs else q.T), np.float32)
