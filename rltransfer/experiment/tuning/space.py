"""Which hyperparameters are searched, each over its axis.

A dotted name reaches into a table: `policy_kwargs.net_arch`. Beside the algorithm's own there are
`n_envs` and `normalize`, which are settings of every training here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rltransfer.errors import InvalidExperiment, did_you_mean
from rltransfer.experiment.tuning.axis import Axis
from rltransfer.training.hyperparameters import HYPERPARAMETERS

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["SearchSpace", "flat", "merged", "nested"]

OUTSIDE = ("n_envs", "normalize")
"""Settings of a training that are no hyperparameter of its algorithm."""


@dataclass(frozen=True)
class SearchSpace:
    """Axes by the names of hyperparameters.

    Attributes:
        axes: what is searched, and what follows it.
        source: where the ranges are from.
    """

    axes: Mapping[str, Axis]
    source: str

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """What Optuna draws from, by the names of its parameters; see `Axis.parameter`."""
        return {axis.parameter(name): axis.distribution for name, axis in self.searched.items()}

    @property
    def searched(self) -> dict[str, Axis]:
        """The axes that are searched themselves."""
        return {name: axis for name, axis in self.axes.items() if axis.same_as is None}

    def values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the hyperparameters that Optuna's parameters stand for, by dotted name."""
        found = {
            name: axis.value(params[axis.parameter(name)]) for name, axis in self.searched.items()
        }
        return {name: found[axis.same_as or name] for name, axis in self.axes.items()}

    def require_known(self, algorithm: str) -> None:
        """Refuse a name that the algorithm does not have.

        Raises:
            InvalidExperiment: naming it and what is known.
        """
        known = [*HYPERPARAMETERS[algorithm], *OUTSIDE]
        for name in self.axes:
            if name.partition(".")[0] not in known:
                raise InvalidExperiment(
                    f"space.{name}: {algorithm} has no such hyperparameter"
                    f"{did_you_mean(name, known)} Known: {', '.join(sorted(known))}."
                )
        searched = self.searched
        for name, axis in self.axes.items():
            if axis.same_as is not None and axis.same_as not in searched:
                raise InvalidExperiment(
                    f"space.{name} is to be the same as {axis.same_as!r}, which is not searched. "
                    f"Searched: {', '.join(searched) or 'nothing'}."
                )

    @property
    def corner(self) -> dict[str, Any]:
        """The highest value of each range and the last of each choice, by dotted name."""
        return self.values({name: last(d) for name, d in self.distributions.items()})

    def fitted(self, rollout: float) -> SearchSpace:
        """Return the space whose range of `n_steps` ends at `rollout`, at the latest."""
        axis = self.axes.get("n_steps")
        if axis is None or axis.range is None or axis.range[1] <= rollout:
            return self
        return replace(self, axes={**self.axes, "n_steps": axis.up_to(rollout)})


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by dotted name as tables."""
    tables: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split(".")
        table = tables
        for part in path:
            table = table.setdefault(part, {})
        table[last] = value
    return tables


def flat(tables: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return axes by dotted name: TOML reads [policy_kwargs.net_arch] as a table in a table."""
    axes: dict[str, Any] = {}
    for name, entry in tables.items():
        within = isinstance(entry, Mapping) and entry and not entry.keys() & Axis.model_fields
        axes |= flat(entry, f"{prefix}{name}.") if within else {f"{prefix}{name}": entry}
    return axes


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return tables with some of their entries replaced, at any depth."""
    both = {
        name: merged(base[name], change)
        for name, change in changes.items()
        if isinstance(change, Mapping) and isinstance(base.get(name), Mapping)
    }
    return {**base, **changes, **both}


def last(distribution: Any) -> Any:
    """Return the highest value of a distribution, or its last choice."""
    choices = getattr(distribution, "choices", None)
    return distribution.high if choices is None else choices[-1]
