"""The models of G problems as one stack of networks: to fit, and to step through.

Notation
    G, E    problems; members of each problem's model
    B       states at once, for each member of each problem
    z, c    standardised observations (G, E, B, o); hidden context features (G, E, B, d)
    y       standardised targets (Δz, r), shape (G, E, B, o + 1)
    p       probability of termination, (G, E, B)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from rltransfer.errors import InvalidPolicy
from rltransfer.training.offline.dynamics import Dynamics
from rltransfer.training.offline.inputs import action_encoder
from rltransfer.training.offline.stack import MLPStack

__all__ = ["DynamicsStack", "Prediction", "Step"]

LOWEST, HIGHEST = -10.0, 1.0
"""Bounds of the log-variance of a standardised target: exp(-5) to exp(0.5) deviations."""

MARGIN = 0.1
"""How far, as a share of the data's range, imagined states may leave that range."""


class Prediction(NamedTuple):
    """What the motion network says: moments of y, shape (G, E, B, o + 1)."""

    mean: Tensor
    log_var: Tensor


class Step(NamedTuple):
    """What is expected to come next.

    Attributes:
        next_z: z', shape (G, E, B, o), within the data's range and `MARGIN`.
        rewards: scaled, shape (G, E, B).
        terminated: p, shape (G, E, B).
        unknown: 1 where z' had left that range before it was clamped, else 0, shape (G, E, B).
    """

    next_z: Tensor
    rewards: Tensor
    terminated: Tensor
    unknown: Tensor


class DynamicsStack(nn.Module):
    """The models of G problems that differ in arrays only.

    Args:
        models: one per problem.

    Raises:
        InvalidPolicy: if they cannot be one stack.
    """

    def __init__(self, models: Sequence[Dynamics]) -> None:
        super().__init__()
        require_alike(models)
        self._models = tuple(models)
        spec = models[0].spec
        self.groups, self.members = len(models), spec.members
        self.horizon = spec.horizon
        self._own = spec.observation_size - len(spec.observe)
        self.motion, self.ends = self._stacked("motion"), self._stacked("ends")
        self._encode = action_encoder(spec.action_space)
        self._mean, self._std = self._all("target_mean"), self._all("target_std")
        low, high = self._all("low"), self._all("high")
        self._low, self._high = low - MARGIN * (high - low), high + MARGIN * (high - low)
        self._terminates = torch.tensor([float(model.spec.terminates) for model in models])
        self.worst = torch.tensor([model.spec.worst for model in models])

    def forward(self, z: Tensor, c: Tensor, actions: Tensor) -> Prediction:
        """Return what each member says about each of its B states.

        Args:
            z: standardised observations.
            c: hidden context features.
            actions: as the policy gives them, shape (G, E, B) or (G, E, B, a).
        """
        x = torch.cat([z, c, self._encode(actions)], dim=-1).flatten(0, 1)
        mean, log_var = self._by_group(self.motion(x)).chunk(2, dim=-1)
        return Prediction(mean, bounded(log_var))

    def end_logits(self, next_z: Tensor, c: Tensor) -> Tensor:
        """Return the logit of p for the states reached, shape (G, E, B).

        Args:
            next_z: z', standardised.
            c: hidden context features.
        """
        x = torch.cat([next_z, c], dim=-1).flatten(0, 1)
        return self._by_group(self.ends(x)).squeeze(-1)

    def step(self, z: Tensor, c: Tensor, actions: Tensor) -> Step:
        """Return what is expected to come next; arguments as `forward`."""
        said = self(z, c, actions)
        y = per_state(self._mean) + per_state(self._std) * said.mean
        free = z + y[..., :-1]
        next_z = torch.clamp(free, per_state(self._low), per_state(self._high))
        p = torch.sigmoid(self.end_logits(next_z, c)) * self._terminates[:, None, None]
        own = self._own  # a visible context stays what it is, wherever the data are from
        unknown = (free != next_z)[..., :own].any(dim=-1).to(p.dtype)
        next_z = torch.cat([next_z[..., :own], z[..., own:]], dim=-1)
        return Step(next_z, y[..., -1], p, unknown)

    def targets(self, z: Tensor, next_z: Tensor, rewards: Tensor) -> Tensor:
        """Return y of recorded steps; a target that never varies is 0."""
        y = torch.cat([next_z - z, rewards[..., None]], dim=-1) - per_state(self._mean)
        return y / torch.where(self._std > 0.0, self._std, torch.inf)[:, None, None, :]

    def dynamics(self) -> tuple[Dynamics, ...]:
        """Return the models with the networks as they are now, all else as it was."""
        return tuple(self._model(g) for g in range(self.groups))

    def _model(self, g: int) -> Dynamics:
        old = self._models[g]
        own = slice(g * self.members, (g + 1) * self.members)
        arrays = dict(old.weights)
        for network, body in (("motion", self.motion), ("ends", self.ends)):
            for i, (W, b) in enumerate(zip(body.weights, body.biases, strict=True)):
                arrays[f"{network}.{i}.weight"] = W[own].detach().numpy()
                arrays[f"{network}.{i}.bias"] = b[own, 0].detach().numpy()
        return Dynamics(old.spec, arrays)

    def _stacked(self, network: str) -> MLPStack:
        spec = self._models[0].spec
        layers = range(len(spec.networks[network]) - 1)
        weights = [self._all(f"{network}.{i}.weight").flatten(0, 1) for i in layers]
        biases = [self._all(f"{network}.{i}.bias").flatten(0, 1) for i in layers]
        return MLPStack(weights, biases, spec.activation)

    def _by_group(self, y: Tensor) -> Tensor:
        """Return outputs (G · E, B, …) as (G, E, B, …)."""
        return y.reshape(self.groups, self.members, *y.shape[1:])

    def _all(self, name: str) -> Tensor:
        return torch.stack([torch.tensor(model.weights[name]) for model in self._models])


def bounded(log_var: Tensor) -> Tensor:
    """Return log-variances bent smoothly into their bounds."""
    softplus = nn.functional.softplus
    below = HIGHEST - softplus(HIGHEST - log_var)
    return LOWEST + softplus(below - LOWEST)


def per_state(values: Tensor) -> Tensor:
    """Return numbers of each problem, (G, k), so that they meet (G, E, B, k)."""
    return values[:, None, None, :]


def require_alike(models: Sequence[Dynamics]) -> None:
    """Refuse models that cannot be one stack."""
    first = models[0].spec
    for model in models[1:]:
        for field in ("env", "members", "networks", "activation", "action_space", "gamma"):
            wanted, given = getattr(first, field), getattr(model.spec, field)
            if wanted != given:
                raise InvalidPolicy(
                    f"models that are used side by side must be alike; their {field} is "
                    f"{wanted!r} and {given!r}."
                )
