"""Everything about a policy but its weights, as plain data that JSON can hold."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

import gymnasium as gym
import numpy as np
from pydantic import Field, model_validator

from rltransfer.errors import InvalidPolicy
from rltransfer.schema import Table

__all__ = ["BoxSpace", "DiscreteSpace", "NetworkSpec", "Normalization", "PolicySpec", "plain_space"]

Width = Annotated[int, Field(ge=1, le=65_536)]
Widths = Annotated[tuple[Width, ...], Field(max_length=16)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]

ACTIONS = {"DQN": "discrete", "SAC": "box", "TD3": "box"}
"""The kind of action space of the algorithms that have one kind only."""


class BoxSpace(Table):
    """Vectors between two bounds, ends included; None where there is no bound."""

    kind: Literal["box"] = "box"
    low: tuple[Finite | None, ...] = Field(min_length=1)
    high: tuple[Finite | None, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.low) != len(self.high):
            raise ValueError(
                f"low and high must be equally long; got {len(self.low)} and {len(self.high)}"
            )
        return self

    @property
    def size(self) -> int:
        """Numbers in a vector."""
        return len(self.low)

    def to_gym(self) -> gym.spaces.Box:
        """Return the same space as Gymnasium writes it, float32."""
        low = [-math.inf if bound is None else bound for bound in self.low]
        high = [math.inf if bound is None else bound for bound in self.high]
        return gym.spaces.Box(
            np.array(low, np.float32), np.array(high, np.float32), dtype=np.float32
        )


class DiscreteSpace(Table):
    """The actions 0 … n - 1."""

    kind: Literal["discrete"] = "discrete"
    n: Width

    @property
    def size(self) -> int:
        """Numbers that a network needs to tell the actions apart."""
        return self.n

    def to_gym(self) -> gym.spaces.Discrete:
        """Return the same space as Gymnasium writes it."""
        return gym.spaces.Discrete(self.n)


class NetworkSpec(Table):
    """Multilayer perceptrons as Stable-Baselines3 builds them.

    Attributes:
        actor: widths of the hidden layers between observation and action (DQN: and Q-values).
        critic: widths of the hidden layers of the value function or of each Q-function.
        critics: how many Q-functions a continuous off-policy algorithm has; else 0.
        activation: after each hidden layer.
        use_sde: whether exploration noise depends on the state (gSDE, arXiv:2005.05719), which
            changes the shape of log σ.
    """

    actor: Widths
    critic: Widths = ()
    critics: int = Field(default=0, ge=0, le=64)
    activation: Literal["tanh", "relu"]
    use_sde: bool = False


class Normalization(Table):
    """Running statistics that standardise observations x: clip((x - mean) / √(var + ε), ±clip).

    Attributes:
        mean, var: one number per observation, of all observations seen in training.
        count: how many were seen; training that continues from here weighs them so.
        clip, epsilon: as in the formula.
        return_var: the variance of discounted returns; rewards were divided by √(return_var + ε)
            while training, so the value function counts in that unit. None: raw rewards.
    """

    mean: tuple[Finite, ...]
    var: tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...]
    count: Positive
    clip: Positive = 10.0
    epsilon: Positive = 1e-8
    return_var: Positive | None = None


class PolicySpec(Table):
    """What a policy is.

    Attributes:
        algorithm: which of Stable-Baselines3's algorithms the weights belong to.
        network: the shape of its networks.
        observation_space, action_space: what it takes and gives; visible context features are
            the last observations.
        normalization: applied to observations before the network; None for none.
        env: the family it was trained on.
        context: the context it was trained in; None if in many.
        observe: the context features it sees.
        provenance: how it came to be: versions, seed, steps …
    """

    algorithm: Literal["PPO", "A2C", "DQN", "SAC", "TD3"]
    network: NetworkSpec
    observation_space: BoxSpace
    action_space: Annotated[BoxSpace | DiscreteSpace, Field(discriminator="kind")]
    normalization: Normalization | None = None
    env: str
    context: dict[str, Finite] | None = None
    observe: tuple[str, ...] = ()
    provenance: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> Self:
        o = self.observation_space.size
        stats = self.normalization
        if stats is not None and not len(stats.mean) == len(stats.var) == o:
            raise ValueError(
                f"normalization needs a mean and a variance for each of {o} observations; "
                f"got {len(stats.mean)} and {len(stats.var)}"
            )
        kind = self.action_space.kind
        if ACTIONS.get(self.algorithm, kind) != kind:
            raise ValueError(f"{self.algorithm} has no {kind} actions")
        if len(self.observe) >= o:
            raise ValueError(f"observe names {len(self.observe)} features of {o} observations")
        return self


def plain_space(space: gym.Space[Any], what: str) -> BoxSpace | DiscreteSpace:
    """Return a Gymnasium space as plain data.

    Raises:
        InvalidPolicy: if it is neither a flat Box nor a Discrete that starts at 0.
    """
    if isinstance(space, gym.spaces.Discrete) and space.start == 0:
        return DiscreteSpace(n=int(space.n))
    if isinstance(space, gym.spaces.Box) and len(space.shape) == 1:
        return BoxSpace(low=bounds(space.low), high=bounds(space.high))
    raise InvalidPolicy(
        f"{what} must be a Box of one dimension or a Discrete from 0; got {space}. Flatten it "
        "with a wrapper such as gymnasium.wrappers.FlattenObservation."
    )


def bounds(values: Any) -> tuple[float | None, ...]:
    """Return a Box's bounds, None where it has none."""
    return tuple(value if math.isfinite(value) else None for value in values.tolist())
