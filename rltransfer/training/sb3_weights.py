"""From the weights of a Stable-Baselines3 policy, and what is known about it, to a `Policy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

import gymnasium as gym
from numpy.typing import NDArray

from rltransfer.errors import InvalidPolicy
from rltransfer.training.network import infer_network
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import BoxSpace, Normalization, PolicySpec, plain_space
from rltransfer.training.problem import TrainingProblem

__all__ = ["policy_from_weights"]

AlgorithmName = Literal["PPO", "A2C", "DQN", "SAC", "TD3"]


def policy_from_weights(
    *,
    algorithm: str,
    weights: Mapping[str, NDArray[Any]],
    activation: str,
    spaces: tuple[gym.Space[Any], gym.Space[Any]],
    problem: TrainingProblem,
    normalization: Normalization | None = None,
    provenance: Mapping[str, str] | None = None,
) -> Policy:
    """Describe weights and check them against the description.

    Args:
        algorithm: that the weights belong to.
        weights: by Stable-Baselines3's names; the networks' widths are read off their shapes.
        activation: "tanh" or "relu".
        spaces: of observations, visible context features included, and of actions.
        problem: what the policy was trained on.
        normalization: of the observations.
        provenance: how the policy came to be.

    Raises:
        InvalidPolicy: if the weights are not those of such a policy on such spaces.
    """
    seen = plain_space(spaces[0], "the observation space")
    if not isinstance(seen, BoxSpace):
        raise InvalidPolicy(f"the observation space must be a Box; got {spaces[0]}.")
    shapes = {name: tuple(array.shape) for name, array in weights.items()}
    context = problem.context
    spec = PolicySpec(
        algorithm=cast(AlgorithmName, algorithm),
        network=infer_network(algorithm, shapes, cast(Literal["tanh", "relu"], activation)),
        observation_space=seen,
        action_space=plain_space(spaces[1], "the action space"),
        normalization=normalization,
        env=problem.env.spec.id,
        context=None if context is None else dict(context),
        observe=problem.observe,
        provenance=dict(provenance or {}),
    )
    return Policy(spec, weights)
