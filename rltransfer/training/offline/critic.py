"""What actions are worth: Q(s, a) and V(s), fitted to data, as a value and as a torch module.

Notation
    G, B    problems; states at once
    n       Q-functions of one critic; min Q is the least of them
    z       observations, standardised by the critic's own statistics, shape (G, B, o)
    c       hidden features that vary in the data, on the unit cube, shape (G, B, d); d may be 0
    a       numbers in an action, or how many actions there are

Q and V count in standard deviations of discounted returns, √(return_var + ε) of the
normalization, which is the unit of `Samples.rewards`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.envs.wrappers import visible_units
from rltransfer.errors import InvalidPolicy
from rltransfer.training.actor import standardiser
from rltransfer.training.network import Layer
from rltransfer.training.offline.critic_spec import CriticSpec, check_weights
from rltransfer.training.offline.inputs import action_encoder
from rltransfer.training.offline.samples import seen
from rltransfer.training.offline.stack import MLPStack
from rltransfer.training.offline.tensor_folder import read_tensors, write_tensors
from rltransfer.training.policy import read_only
from rltransfer.training.problem import TrainingProblem

__all__ = ["Critic", "CriticSpec", "CriticStack"]

STEM = "critic"


@dataclass(frozen=True, eq=False)
class Critic:
    """A fitted critic.

    Attributes:
        spec: everything but the weights.
        weights: by name, see `CriticSpec.shapes`; read-only float32 arrays.

    Raises:
        InvalidPolicy: if the weights are not those that the spec describes, or are not finite.
    """

    spec: CriticSpec
    weights: Mapping[str, NDArray[np.float32]]

    def __init__(self, spec: CriticSpec, weights: Mapping[str, ArrayLike]) -> None:
        arrays = {name: read_only(weights[name]) for name in sorted(weights)}
        check_weights(spec, arrays)
        object.__setattr__(self, "spec", spec)
        object.__setattr__(self, "weights", MappingProxyType(arrays))

    @classmethod
    def random(cls, spec: CriticSpec, rng: np.random.Generator) -> Critic:
        """Return a critic with torch's own initial weights: uniform in ± 1/√inputs."""
        bounds = {}
        for layer in (*spec.q_layers, *spec.v_layers):
            bounds[layer.weight] = bounds[layer.bias] = layer.inputs**-0.5
        shapes = spec.shapes
        return cls(spec, {n: rng.uniform(-b, b, shapes[n]) for n, b in bounds.items()})

    def inputs(self, problem: TrainingProblem, data: Transitions) -> tuple[Tensor, Tensor]:
        """Return what to ask about the states s of some data: z (1, T, o) and c (1, T, d).

        c is of the problem's own context, in which its policy is to act, wherever the data are
        from; a problem of many contexts keeps those of the data.

        Raises:
            InvalidContext: if a feature of the critic is not the family's.
        """
        z = standardiser(self.spec.normalization)(seen(problem, data.observations, data))
        own = problem.context
        if own is None:
            c = self.units(problem, data.contexts)[data.context_index]
        else:
            c = self.units(problem, [own]).repeat(len(data), axis=0)
        return torch.from_numpy(z)[None], torch.from_numpy(c)[None]

    def units(self, problem: TrainingProblem, contexts: Sequence[Context]) -> NDArray[np.float32]:
        """Return c of some contexts, shape (len(contexts), d)."""
        units = visible_units(problem.env.space, contexts, self.spec.features)
        return np.asarray(units, np.float32)

    def save(self, folder: Path) -> None:
        """Write `critic.safetensors` and `critic.json`, each by one rename.

        Raises:
            StorageError: if the disk is full or the folder cannot be written.
        """
        write_tensors(Path(folder), STEM, self.spec, self.weights)

    @classmethod
    def load(cls, folder: Path) -> Critic:
        """Read what `save` wrote; runs no code from the files.

        Raises:
            InvalidPolicy: naming the file and what is wrong with it.
        """
        spec, weights = read_tensors(Path(folder), STEM, CriticSpec)
        try:
            return cls(spec, weights)
        except InvalidPolicy as error:
            raise InvalidPolicy(
                f"{folder} does not hold the critic it describes: {error}"
            ) from None

    def __reduce__(self) -> tuple[type[Critic], tuple[CriticSpec, dict[str, Any]]]:
        return Critic, (self.spec, dict(self.weights))  # to and from worker processes


class CriticStack(nn.Module):
    """The critics of G problems, which differ in weights and statistics only.

    Args:
        critics: one per problem.

    Raises:
        InvalidPolicy: if they cannot be one batch of matrices.
    """

    def __init__(self, critics: Sequence[Critic]) -> None:
        super().__init__()
        require_alike(critics)
        first = critics[0].spec
        self.specs = tuple(critic.spec for critic in critics)
        self.discrete, self.q_count = first.discrete, first.q_count
        self.q = stacked(critics, first.q_layers)  # network g n + k is the k-th of problem g
        self.value = stacked(critics, first.v_layers)
        self.encode = action_encoder(first.action_space)

    @classmethod
    def of(cls, critics: Sequence[Critic]) -> CriticStack:
        """Return some critics as one stack; see the class."""
        return cls(critics)

    def critics(self) -> tuple[Critic, ...]:
        """Return the critics as they are now.

        Raises:
            InvalidPolicy: if a weight is not finite: the fit diverged.
        """
        q = unstacked(self.q, self.specs[0].q_layers, len(self.specs))
        v = unstacked(self.value, self.specs[0].v_layers, len(self.specs))
        return tuple(Critic(s, {**q[g], **v[g]}) for g, s in enumerate(self.specs))

    # -- of given actions ----------------------------------------------------------------------

    def q_each(self, z: Tensor, c: Tensor, actions: Tensor) -> Tensor:
        """Return every Q(s, a), shape (G, n, B), for actions (G, B) int64 or (G, B, a)."""
        if not self.discrete:
            return self._q(torch.cat([z, c, self.encode(actions)], dim=-1)).squeeze(-1)
        every = self._q(torch.cat([z, c], dim=-1))
        index = actions[:, None, :, None].expand(-1, self.q_count, -1, 1)
        return every.gather(-1, index).squeeze(-1)

    def q_min(self, z: Tensor, c: Tensor, actions: Tensor) -> Tensor:
        """Return min Q(s, a), shape (G, B)."""
        return self.q_each(z, c, actions).amin(dim=1)

    def v(self, z: Tensor, c: Tensor) -> Tensor:
        """Return V(s), shape (G, B)."""
        value: Tensor = self.value(torch.cat([z, c], dim=-1))
        return value.squeeze(-1)

    def advantage(self, z: Tensor, c: Tensor, actions: Tensor) -> Tensor:
        """Return A(s, a) = min Q(s, a) - V(s), shape (G, B)."""
        return self.q_min(z, c, actions) - self.v(z, c)

    # -- of all discrete actions ---------------------------------------------------------------

    def q_all(self, z: Tensor, c: Tensor) -> Tensor:
        """Return min Q(s, ·), shape (G, B, a); discrete actions only.

        Raises:
            InvalidPolicy: if actions are continuous.
        """
        if not self.discrete:
            raise InvalidPolicy(
                "only a critic of discrete actions can rate all of them; this one's are "
                "continuous. Rate sampled actions with q_min."
            )
        return self._q(torch.cat([z, c], dim=-1)).amin(dim=1)

    def advantages(self, z: Tensor, c: Tensor) -> Tensor:
        """Return A(s, ·), shape (G, B, a); see `q_all`."""
        return self.q_all(z, c) - self.v(z, c)[..., None]

    def _q(self, x: Tensor) -> Tensor:
        """Return all outputs of all Q-functions, (G, n, B, out), for inputs of (G, B, in)."""
        G, B, _ = x.shape
        y: Tensor = self.q(x.repeat_interleave(self.q_count, dim=0))
        return y.view(G, self.q_count, B, y.shape[-1])


def stacked(critics: Sequence[Critic], layers: Sequence[Layer]) -> MLPStack:
    """Return some layers of all critics as one stack."""

    def all_of(name: str) -> Tensor:
        return torch.from_numpy(np.concatenate([critic.weights[name] for critic in critics]))

    weights = [all_of(layer.weight).transpose(1, 2).contiguous() for layer in layers]
    return MLPStack(weights, [all_of(layer.bias) for layer in layers], critics[0].spec.activation)


def unstacked(
    body: MLPStack, layers: Sequence[Layer], groups: int
) -> list[dict[str, NDArray[np.float32]]]:
    """Return the networks of a stack as weights by name, one table per problem."""
    found: list[dict[str, NDArray[np.float32]]] = [{} for _ in range(groups)]
    for layer, W, b in zip(layers, body.weights, body.biases, strict=True):
        for table, w_own, b_own in zip(found, W.chunk(groups), b.chunk(groups), strict=True):
            table[layer.weight] = w_own.detach().transpose(1, 2).numpy()
            table[layer.bias] = b_own[:, 0].detach().numpy()
    return found


def require_alike(critics: Sequence[Critic]) -> None:
    """Refuse critics that cannot be one stack."""
    first = critics[0].spec
    for critic in critics[1:]:
        for field in ("hidden", "activation", "q_count", "action_space", "shapes"):
            wanted, given = getattr(first, field), getattr(critic.spec, field)
            if wanted != given:
                raise InvalidPolicy(
                    f"critics that are used side by side must be alike; their {field} is "
                    f"{wanted!r} and {given!r}."
                )
