"""V(s) of policies regressed on returns, in whatever unit it counts.

Notation
    G, B    problems; rows of a minibatch
    T       transitions of a problem
    f       what the value network says
    y       what V(s) should be, as a plain discounted return
    m, d    V(s) = m + d f(s): at first and at last m = 0 and d the policy's unit, while f is fitted
            mean and standard deviation of y
    unit    √(return_var + ε) if the policy's normalization has a return_var, else 1

A change of m and d goes into the last layer, so that V stays as it is and one learning rate fits
all units: PopArt (van Hasselt et al., Learning Values Across Many Orders of Magnitude, 2016).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from rltransfer.training.kept import Tree
from rltransfer.training.offline.actors import ValueStack
from rltransfer.training.offline.policy_inputs import policy_inputs
from rltransfer.training.offline.samples import Samples
from rltransfer.training.offline.stack import MLPStack
from rltransfer.training.offline.value_targets import TargetMaker, Values
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import PolicySpec
from rltransfer.training.torch_state import ModuleState, array_of

__all__ = ["ValueRegression", "unit_of"]


class ValueRegression:
    """V of G policies, what they see, and what they should say.

    Args:
        policies: one per problem.
        samples: their data.
        targets: what makes y of each problem.

    Raises:
        InvalidPolicy: if the policies differ in more than weights, or do not fit the data.
    """

    def __init__(
        self, policies: Sequence[Policy], samples: Samples, targets: Sequence[TargetMaker]
    ) -> None:
        self.values = ValueStack(policies)
        self._targets = targets
        pairs = [
            (policy, p.problem, p.data) for policy, p in zip(policies, samples.parts, strict=True)
        ]
        self._z = [policy_inputs(*pair, pair[2].observations) for pair in pairs]
        self._next_z = [policy_inputs(*pair, pair[2].next_observations) for pair in pairs]
        self._all_z = torch.cat(self._z)
        self._units = torch.tensor([unit_of(policy.spec) for policy in policies])
        self._mean, self._scale = torch.zeros_like(self._units), self._units
        self._before = [self.predict(g, z) for g, z in enumerate(self._z)]
        self._aim(lambda g: np.zeros(len(self._z[g])))  # what a random V says would last long

    def refresh(self) -> None:
        """Make y again with V as it is now."""
        self._aim(lambda g: self.predict(g, self._next_z[g]))

    def loss(self, rows: Tensor) -> Tensor:
        """Return E[((y - m) / d - f(s))²] over minibatches of rows (G, B), shape (G,)."""
        said: Tensor = self.values(self._all_z[rows])
        return (self._wanted[rows] - said).square().mean(dim=1)

    def predict(self, g: int, z: Tensor) -> Values:
        """Return V of problem g, shape (T,), for states of shape (T, o)."""
        with torch.no_grad():
            f = alone(self.values.body, g)(z[None])[0, :, 0]
        return np.asarray((self._mean[g] + self._scale[g] * f).numpy(), np.float64)

    def findings(self, g: int) -> dict[str, float]:
        """Return which share of the variance of y V explained at first, and does now."""
        return {
            "explained_variance_before": explained_variance(self._before[g], self._y[g]),
            "explained_variance": explained_variance(self.predict(g, self._z[g]), self._y[g]),
        }

    def policies(self) -> tuple[Policy, ...]:
        """Return the policies with V as it is now, in their own units.

        Raises:
            InvalidPolicy: if a weight is not finite: the fit diverged.
        """
        self._count_in(torch.zeros_like(self._units), self._units)
        return self.values.policies()

    def state(self) -> Tree:
        """Return V; y is made again first, so this is for right before `refresh`. See `kept`."""
        units = {"mean": self._mean, "scale": self._scale}
        values = {"values": ModuleState(self.values).state()}
        return {**values, **{name: array_of(own) for name, own in units.items()}}

    def restore(self, state: Tree) -> None:
        """Become as it was."""
        ModuleState(self.values).restore(state["values"])
        self._mean, self._scale = torch.tensor(state["mean"]), torch.tensor(state["scale"])

    def _aim(self, next_values: Callable[[int], Values]) -> None:
        """Make y, given V(s') of each problem; make V the line closest to it."""
        self._y = [make(partial(next_values, g)) for g, make in enumerate(self._targets)]
        lines = [line_between(self.predict(g, z), self._y[g]) for g, z in enumerate(self._z)]
        slope, intercept = torch.tensor(lines, dtype=torch.float32).unbind(dim=1)
        self._mean, self._scale = slope * self._mean + intercept, slope * self._scale
        mean, scale = [float(y.mean()) for y in self._y], [deviation(y) for y in self._y]
        self._count_in(torch.tensor(mean), torch.tensor(scale))
        wanted = [(y - m) / d for y, m, d in zip(self._y, mean, scale, strict=True)]
        self._wanted = torch.from_numpy(np.concatenate(wanted)).float()

    def _count_in(self, mean: Tensor, scale: Tensor) -> None:
        """Use another m and d, of shape (G,) each, without changing V."""
        W, b = self.values.body.weights[-1], self.values.body.biases[-1]
        slope, shift = self._scale / scale, (self._mean - mean) / scale
        with torch.no_grad():
            W.mul_(slope[:, None, None])
            b.mul_(slope[:, None, None]).add_(shift[:, None, None])
        self._mean, self._scale = mean, scale


def unit_of(spec: PolicySpec) -> float:
    """Return how much return one unit of a policy's value network stands for."""
    stats = spec.normalization
    if stats is None or stats.return_var is None:
        return 1.0
    return float(np.sqrt(stats.return_var + stats.epsilon))


def alone(body: MLPStack, k: int) -> MLPStack:
    """Return network k of a stack as a stack of one."""
    weights = [W[k : k + 1].detach() for W in body.weights]
    return MLPStack(weights, [b[k : k + 1, 0].detach() for b in body.biases], body.activation)


def line_between(x: Values, y: Values) -> tuple[float, float]:
    """Return slope and intercept of y on x by least squares."""
    centred = x - x.mean()
    slope = float(np.mean(centred * y) / max(np.mean(np.square(centred)), 1e-12))
    return slope, float(y.mean()) - slope * float(x.mean())


def deviation(y: Values) -> float:
    """Return the standard deviation, or 1 where all values are equal."""
    found = float(y.std())
    return found if found > 1e-6 * (1.0 + float(np.abs(y).mean())) else 1.0


def explained_variance(said: Values, y: Values) -> float:
    """Return 1 - E[(y - V)²] / Var(y)."""
    return 1.0 - float(np.square(y - said).mean()) / deviation(y) ** 2
