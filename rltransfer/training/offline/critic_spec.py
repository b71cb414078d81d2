"""Everything about a critic but its weights, as plain data that JSON can hold.

Notation
    n    Q-functions of a critic
    c    features that vary in the data and that the policy does not see
    a    numbers in an action, or how many actions there are
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rltransfer.errors import InvalidPolicy
from rltransfer.schema import Table
from rltransfer.training.network import Layer, mlp
from rltransfer.training.policy_spec import BoxSpace, DiscreteSpace, Normalization, Widths

__all__ = ["CriticSpec", "check_weights"]


class CriticSpec(Table):
    """Everything about a critic but its weights.

    Attributes:
        kind: how it was fitted.
        hidden: widths of the hidden layers, of Q and of V.
        activation: after each hidden layer.
        q_count: n.
        action_space: of the family; for discrete actions Q(s, ·) is one vector.
        gamma: the discount.
        normalization: standardises observations, and says in which unit Q and V count.
        features: the names of c.
    """

    kind: Literal["iql", "sarsa"]
    hidden: Widths
    activation: Literal["tanh", "relu"] = "relu"
    q_count: int = Field(default=2, ge=1, le=64)
    action_space: Annotated[BoxSpace | DiscreteSpace, Field(discriminator="kind")]
    gamma: float = Field(ge=0, le=1)
    normalization: Normalization
    features: tuple[str, ...] = ()

    @property
    def discrete(self) -> bool:
        """Whether actions are indices."""
        return isinstance(self.action_space, DiscreteSpace)

    @property
    def reward_scale(self) -> float:
        """How much return one unit of Q or V stands for."""
        stats = self.normalization
        return 1.0 if stats.return_var is None else float(np.sqrt(stats.return_var + stats.epsilon))

    @property
    def q_layers(self) -> list[Layer]:
        """The layers of each Q-function."""
        a, state = self.action_space.size, len(self.normalization.mean) + len(self.features)
        widths = (state, *self.hidden, a) if self.discrete else (state + a, *self.hidden, 1)
        return mlp("q", widths)

    @property
    def v_layers(self) -> list[Layer]:
        """The layers of V."""
        return mlp("v", (len(self.normalization.mean) + len(self.features), *self.hidden, 1))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every weight's shape by name: (n, outputs, inputs) in Q, (1, outputs, inputs) in V."""
        found: dict[str, tuple[int, ...]] = {}
        for count, layers in ((self.q_count, self.q_layers), (1, self.v_layers)):
            for layer in layers:
                found[layer.weight] = (count, layer.outputs, layer.inputs)
                found[layer.bias] = (count, layer.outputs)
        return found


def check_weights(spec: CriticSpec, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Compare names, shapes and values with what the spec describes."""
    shapes = spec.shapes
    if strange := sorted(shapes.keys() ^ weights.keys()):
        fault = "is missing" if strange[0] in shapes else "is unknown"
        raise InvalidPolicy(f"the weight {strange[0]!r} of a critic {fault}.")
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise InvalidPolicy(
                f"the critic's weight {name!r} must have the shape {shape}; got "
                f"{weights[name].shape}."
            )
        if not np.isfinite(weights[name]).all():
            raise InvalidPolicy(
                f"the critic's weight {name!r} has values that are not finite: the fit diverged. "
                "Lower the learning rate."
            )
