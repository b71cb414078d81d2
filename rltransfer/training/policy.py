"""A policy as a value: what it is, its weights, and the actions that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.errors import InvalidPolicy
from rltransfer.training.actor import Actor
from rltransfer.training.network import layout_of
from rltransfer.training.policy_folder import read_policy, write_policy
from rltransfer.training.policy_spec import PolicySpec

__all__ = ["Policy"]


@dataclass(frozen=True, eq=False)
class Policy:
    """A trained policy. Loading it and acting with it needs NumPy only.

    Attributes:
        spec: everything but the weights.
        weights: all parameters of the Stable-Baselines3 policy, critics included, by its names;
            read-only float32 arrays.

    Raises:
        InvalidPolicy: if the weights are not those that the spec describes, or are not finite.
    """

    spec: PolicySpec
    weights: Mapping[str, NDArray[np.float32]]

    def __init__(self, spec: PolicySpec, weights: Mapping[str, ArrayLike]) -> None:
        arrays = {name: read_only(weights[name]) for name in sorted(weights)}
        check_weights(spec, arrays)
        object.__setattr__(self, "spec", spec)
        object.__setattr__(self, "weights", MappingProxyType(arrays))

    @property
    def observe(self) -> tuple[str, ...]:
        """The context features that the policy expects at the end of its observations."""
        return self.spec.observe

    @property
    def observation_size(self) -> int:
        """Numbers in an observation, visible context features included."""
        return self.spec.observation_space.size

    @cached_property
    def _actor(self) -> Actor:
        return Actor(self.spec, self.weights)

    def act(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return deterministic actions: what `predict(deterministic=True)` returns in SB3.

        Args:
            observations: shape (n, o), as the environment gives them.

        Returns:
            shape (n,), int64, for discrete actions; (n, a), float32, within bounds, otherwise.

        Raises:
            InvalidPolicy: if the observations have another shape.
        """
        return self._actor(observations)

    def save(self, folder: Path) -> None:
        """Write `policy.safetensors` and `policy.json`, each by one rename.

        Raises:
            StorageError: if the disk is full or the folder cannot be written.
        """
        write_policy(Path(folder), self.spec, self.weights)

    @classmethod
    def load(cls, folder: Path) -> Policy:
        """Read what `save` wrote; runs no code from the files.

        Raises:
            InvalidPolicy: naming the file and what is wrong with it.
        """
        spec, weights = read_policy(Path(folder))
        try:
            return cls(spec, weights)
        except InvalidPolicy as error:
            raise InvalidPolicy(
                f"{folder} does not hold the policy it describes: {error}"
            ) from None

    def __reduce__(self) -> tuple[type[Policy], tuple[PolicySpec, dict[str, Any]]]:
        return Policy, (self.spec, dict(self.weights))  # to and from worker processes

    def __repr__(self) -> str:
        context = self.spec.context
        where = "many" if context is None else ",".join(f"{k}={v:g}" for k, v in context.items())
        return f"<Policy {self.spec.algorithm} for {self.spec.env}[{where}]>"


def read_only(values: ArrayLike) -> NDArray[np.float32]:
    """Return a float32 copy that nobody can write to."""
    array = np.array(values, dtype=np.float32, order="C")
    array.flags.writeable = False
    return array


def check_weights(spec: PolicySpec, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Compare names, shapes and values with what the spec describes."""
    shapes = layout_of(spec).shapes
    if missing := sorted(shapes.keys() - weights.keys()):
        raise InvalidPolicy(f"the weight {missing[0]!r} of a {spec.algorithm} policy is missing.")
    if unknown := sorted(weights.keys() - shapes.keys()):
        raise InvalidPolicy(f"a {spec.algorithm} policy has no weight {unknown[0]!r}.")
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise InvalidPolicy(
                f"the weight {name!r} must have the shape {shape}; got {weights[name].shape}."
            )
        if not np.isfinite(weights[name]).all():
            raise InvalidPolicy(
                f"the weight {name!r} has values that are not finite: training diverged. "
                "Lower the learning rate, or normalise observations."
            )
