"""Models with random weights, and the scales of the data that they are to be fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rltransfer.data import Transitions
from rltransfer.training.offline.dynamics import Dynamics, DynamicsSpec
from rltransfer.training.offline.samples import Samples
from rltransfer.training.policy_spec import plain_space

__all__ = ["fresh_dynamics"]

Array = NDArray[np.float32]

STILL = 1e-6
"""A target whose standard deviation is below this never varies."""


def fresh_dynamics(
    samples: Samples,
    members: int,
    hidden: tuple[int, ...],
    hidden_ends: tuple[int, ...],
    rngs: Sequence[np.random.Generator],
) -> list[Dynamics]:
    """Return a model per problem: scales from its data, weights uniform in ± 1/√inputs.

    Args:
        samples: the data of G problems.
        members: E.
        hidden: widths of the hidden layers that foretell motion.
        hidden_ends: of those that foretell terminations.
        rngs: a generator per problem.
    """
    specs = specs_of(samples, members, hidden, hidden_ends)
    return [
        Dynamics(spec, {**scales_of(samples, g), **random_layers(spec, rng)})
        for g, (spec, rng) in enumerate(zip(specs, rngs, strict=True))
    ]


def specs_of(
    samples: Samples, members: int, hidden: tuple[int, ...], hidden_ends: tuple[int, ...]
) -> list[DynamicsSpec]:
    """Return the description of each problem's model."""
    env = samples.parts[0].problem.env
    actions = plain_space(env.spaces.action, "the action space")
    return [
        DynamicsSpec(
            env=env.spec.id,
            members=members,
            hidden=hidden,
            hidden_ends=hidden_ends,
            activation="silu",
            action_space=actions,
            observe=part.problem.observe,
            features=part.features,
            normalization=part.normalization,
            gamma=part.gamma,
            terminates=bool(part.data.terminated[part.likelihood > 0.0].any()),
            horizon=env.spec.horizon,
            worst=worst_reward(part.data) / part.reward_scale,
        )
        for part in samples.parts
    ]


def worst_reward(data: Transitions) -> float:
    """Return the least mean reward of an episode, and no more than 0 if any episode terminated."""
    least = float((data.episode_returns / data.episode_lengths).min())
    return min(least, 0.0) if data.terminated.any() else least


def scales_of(samples: Samples, g: int) -> dict[str, Array]:
    """Return the moments of the targets of problem g, and the range of its states."""
    part = samples.parts[g]
    rows = slice(int(samples.offsets[g]), int(samples.offsets[g]) + len(part.data))
    z, next_z, r = (x[rows].numpy() for x in (samples.z, samples.next_z, samples.rewards))
    y = np.concatenate([next_z - z, r[:, None]], axis=1).astype(np.float64)
    mean = part.likelihood @ y
    std = np.sqrt(part.likelihood @ np.square(y - mean))
    return {
        "target_mean": mean.astype(np.float32),
        "target_std": np.where(std > STILL, std, 0.0).astype(np.float32),
        "low": np.minimum(z.min(axis=0), next_z.min(axis=0)),
        "high": np.maximum(z.max(axis=0), next_z.max(axis=0)),
    }


def random_layers(spec: DynamicsSpec, rng: np.random.Generator) -> dict[str, Array]:
    """Return random weights and biases of all members, as torch draws its own."""
    arrays: dict[str, Array] = {}
    for network, widths in spec.networks.items():
        for i, (inputs, outputs) in enumerate(pairwise(widths)):
            bound = inputs**-0.5
            for name, shape in (("weight", (inputs, outputs)), ("bias", (outputs,))):
                drawn = rng.uniform(-bound, bound, (spec.members, *shape))
                arrays[f"{network}.{i}.{name}"] = drawn.astype(np.float32)
    return arrays
