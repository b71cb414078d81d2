"""A model of an environment as a value: an ensemble of networks that says what comes next.

Notation
    E       members; each is a world of its own
    o, a    numbers in an observation (visible features included) and in an encoded action
    d       context features that vary in the data and that the policy does not see
    z       standardised observations, as the policies see them
    x       inputs of a member: z, the d features, the encoded action
    y       targets: Δz = z' - z, and the scaled reward r; o + 1 of them, each standardised
    p       the probability that the step terminates the episode

A member is two networks: one maps x to the mean and log-variance of y, the other z' and the d
features to a logit of p. Ends are rare and sudden where motion is dense and smooth; in one network
the motion wins. And nearly always it is the state reached that ends an episode, so that few ends
are enough to learn where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from rltransfer.errors import InvalidPolicy
from rltransfer.schema import Table
from rltransfer.training.offline.tensor_folder import read_tensors, write_tensors
from rltransfer.training.policy import read_only
from rltransfer.training.policy_spec import BoxSpace, DiscreteSpace, Normalization, Widths

__all__ = ["Dynamics", "DynamicsSpec"]

STEM = "dynamics"


class DynamicsSpec(Table):
    """Everything about a model but its arrays.

    Attributes:
        env: the family.
        members: E.
        hidden, hidden_ends: widths of the hidden layers of the two networks.
        activation: after each hidden layer.
        action_space: of the family.
        observe: features at the end of the observations.
        features: the d features that the model sees beside them.
        normalization: maps observations to z; its `return_var` is the reward's scale.
        gamma: the discount that belongs to that scale.
        terminates: whether any step of the data terminated; if none did, p is 0.
        horizon: the longest episode.
        worst: what a step in states that the data do not reach is expected to pay, scaled: the
            least mean reward of an episode in the data, and no more than 0 if any terminated.
    """

    env: str
    members: int = Field(ge=1, le=64)
    hidden: Widths
    hidden_ends: Widths
    activation: Literal["tanh", "relu", "silu"]
    action_space: Annotated[BoxSpace | DiscreteSpace, Field(discriminator="kind")]
    observe: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    normalization: Normalization
    gamma: float = Field(ge=0, le=1)
    terminates: bool
    horizon: int = Field(ge=1)
    worst: float

    @property
    def observation_size(self) -> int:
        """O."""
        return len(self.normalization.mean)

    @property
    def networks(self) -> dict[str, tuple[int, ...]]:
        """Widths of a member's two networks, from inputs to outputs, by name."""
        state = self.observation_size + len(self.features)
        return {
            "motion": (
                state + self.action_space.size,
                *self.hidden,
                2 * (self.observation_size + 1),
            ),
            "ends": (state, *self.hidden_ends, 1),
        }

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every array's shape, by name.

        `target_mean` and `target_std` standardise y; `low` and `high` bound the z of the data.
        """
        o = self.observation_size
        shapes: dict[str, tuple[int, ...]] = {
            "target_mean": (o + 1,),
            "target_std": (o + 1,),
            "low": (o,),
            "high": (o,),
        }
        for network, widths in self.networks.items():
            for i, (inputs, outputs) in enumerate(pairwise(widths)):
                shapes[f"{network}.{i}.weight"] = (self.members, inputs, outputs)
                shapes[f"{network}.{i}.bias"] = (self.members, outputs)
        return shapes


@dataclass(frozen=True, eq=False)
class Dynamics:
    """A fitted model.

    Attributes:
        spec: everything but the arrays.
        weights: the arrays that `DynamicsSpec.shapes` names; read-only, float32.

    Raises:
        InvalidPolicy: if the arrays are not those that the spec describes, or are not finite.
    """

    spec: DynamicsSpec
    weights: Mapping[str, NDArray[np.float32]]

    def __init__(self, spec: DynamicsSpec, weights: Mapping[str, ArrayLike]) -> None:
        arrays = {name: read_only(weights[name]) for name in sorted(weights)}
        check_arrays(spec, arrays)
        object.__setattr__(self, "spec", spec)
        object.__setattr__(self, "weights", MappingProxyType(arrays))

    def save(self, folder: Path) -> None:
        """Write `dynamics.safetensors` and `dynamics.json`, each by one rename.

        Raises:
            StorageError: if the disk is full or the folder cannot be written.
        """
        write_tensors(Path(folder), STEM, self.spec, self.weights)

    @classmethod
    def load(cls, folder: Path) -> Dynamics:
        """Read what `save` wrote; runs no code from the files.

        Raises:
            InvalidPolicy: naming the file and what is wrong with it.
        """
        spec, weights = read_tensors(Path(folder), STEM, DynamicsSpec)
        try:
            return cls(spec, weights)
        except InvalidPolicy as error:
            raise InvalidPolicy(f"{folder} does not hold the model it describes: {error}") from None

    def __reduce__(self) -> tuple[type[Dynamics], tuple[DynamicsSpec, dict[str, Any]]]:
        return Dynamics, (self.spec, dict(self.weights))  # to and from worker processes

    def __repr__(self) -> str:
        return f"<Dynamics of {self.spec.env}, {self.spec.members} members>"


def check_arrays(spec: DynamicsSpec, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Compare names, shapes and values with what the spec describes."""
    shapes = spec.shapes
    if odd := sorted(shapes.keys() ^ arrays.keys()):
        what = "is missing" if odd[0] in shapes else "is not known"
        raise InvalidPolicy(f"the array {odd[0]!r} of a model {what}.")
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise InvalidPolicy(
                f"the array {name!r} must have the shape {shape}; got {arrays[name].shape}."
            )
        if not np.isfinite(arrays[name]).all():
            raise InvalidPolicy(
                f"the array {name!r} of a model has values that are not finite: fitting it "
                "diverged. Lower the learning rate."
            )
