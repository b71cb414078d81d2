"""A stack of actors: K policies of one shape as batched matrices, and back.

Notation
    K, B    policies; states at once
    z       observations as the networks see them: standardised, shape (K, B, o)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rltransfer.errors import InvalidPolicy
from rltransfer.training.network import Layer, layout_of
from rltransfer.training.offline.heads import Categorical, Gaussian, Head
from rltransfer.training.offline.stack import MLPStack
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import BoxSpace

__all__ = ["ActorStack", "ValueStack"]

LOWEST_LOG_STD = -3.0
"""Of log(σ / half the action range): below it likelihoods of near-constant actions explode."""


class ActorStack(nn.Module):
    """The actors of K policies that differ in weights only.

    Args:
        policies: PPO policies of the same network and spaces.

    Raises:
        InvalidPolicy: if they differ in more than weights, or are not PPO's.
    """

    def __init__(self, policies: Sequence[Policy]) -> None:
        super().__init__()
        require_alike(policies)
        self._policies = tuple(policies)
        spec = policies[0].spec
        self._layers = layout_of(spec).actor
        self.body = stacked(policies, self._layers, spec.network.activation)
        self.discrete = not isinstance(spec.action_space, BoxSpace)
        if isinstance(spec.action_space, BoxSpace):
            box = spec.action_space.to_gym()
            self.low, self.high = torch.as_tensor(box.low), torch.as_tensor(box.high)
            self.floor = LOWEST_LOG_STD + torch.log(0.5 * (self.high - self.low))
            self.log_std = nn.Parameter(
                torch.stack([torch.tensor(p.weights["log_std"]) for p in policies])[:, None, :]
            )

    @property
    def size(self) -> int:
        """K."""
        return self.body.size

    def forward(self, z: Tensor) -> Head:
        """Return the distributions of actions for states of shape (K, B, o)."""
        y = self.body(z)
        if self.discrete:
            return Categorical(torch.log_softmax(y, dim=-1))
        return Gaussian(y, self.log_std)

    def bounded(self, actions: Tensor) -> Tensor:
        """Return actions as the environment gets them: clipped to its bounds."""
        if self.discrete:
            return actions
        return torch.minimum(torch.maximum(actions, self.low), self.high)

    def keep_log_std_above_floor(self) -> None:
        """Raise log σ to its floor where an update took it below."""
        if not self.discrete:
            with torch.no_grad():
                torch.maximum(self.log_std, self.floor, out=self.log_std)

    def policies(self) -> tuple[Policy, ...]:
        """Return the policies with the actors as they are now, all else as it was."""
        return tuple(self._policy(k) for k in range(self.size))

    def _policy(self, k: int) -> Policy:
        old = self._policies[k]
        weights: dict[str, NDArray[np.float32]] = dict(old.weights)
        weights |= unstacked(self.body, self._layers, k)
        if not self.discrete:
            weights["log_std"] = self.log_std[k, 0].detach().numpy()
        return Policy(old.spec, weights)


class ValueStack(nn.Module):
    """The value functions V(s) of K policies that differ in weights only; see `ActorStack`."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        super().__init__()
        require_alike(policies)
        self._policies = tuple(policies)
        self._layers = layout_of(policies[0].spec).others
        self.body = stacked(policies, self._layers, policies[0].spec.network.activation)

    def forward(self, z: Tensor) -> Tensor:
        """Return V(s), shape (K, B), for states of shape (K, B, o)."""
        values: Tensor = self.body(z).squeeze(-1)
        return values

    def policies(self) -> tuple[Policy, ...]:
        """Return the policies with the value functions as they are now, all else as it was."""
        return tuple(
            Policy(old.spec, {**old.weights, **unstacked(self.body, self._layers, k)})
            for k, old in enumerate(self._policies)
        )


def stacked(policies: Sequence[Policy], layers: Sequence[Layer], activation: str) -> MLPStack:
    """Return some layers of all policies as one stack."""

    def all_of(name: str) -> Tensor:
        return torch.stack([torch.tensor(policy.weights[name]) for policy in policies])

    weights = [all_of(layer.weight).transpose(1, 2).contiguous() for layer in layers]
    return MLPStack(weights, [all_of(layer.bias) for layer in layers], activation)


def unstacked(body: MLPStack, layers: Sequence[Layer], k: int) -> dict[str, NDArray[np.float32]]:
    """Return network k of a stack as weights by their names."""
    found = {}
    for layer, W, b in zip(layers, body.weights, body.biases, strict=True):
        found[layer.weight] = W[k].detach().numpy().T
        found[layer.bias] = b[k, 0].detach().numpy()
    return found


def require_alike(policies: Sequence[Policy]) -> None:
    """Refuse policies that cannot be one stack."""
    first = policies[0].spec
    if first.algorithm != "PPO" or first.network.use_sde:
        kind = f"{first.algorithm}{' with gSDE' if first.network.use_sde else ''}"
        raise InvalidPolicy(
            f"offline stages improve PPO policies without gSDE; got {kind}. Train the sources with "
            "PPO and use_sde = false."
        )
    for policy in policies[1:]:
        for field in ("algorithm", "network", "observation_space", "action_space", "observe"):
            wanted, given = getattr(first, field), getattr(policy.spec, field)
            if wanted != given:
                raise InvalidPolicy(
                    f"the members of an ensemble must be alike; their {field} is {wanted!r} and "
                    f"{given!r}."
                )
