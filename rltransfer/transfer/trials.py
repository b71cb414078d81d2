"""A trained source as an Optuna trial: the parameters that stand for its context.

The ledger of a run writes them and a sampler reads them, so both take them from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rltransfer.contexts import Context, ContextSpace, Scale

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["context_of", "distributions", "parameters"]

PREFIX = "ctx."


def distributions(space: ContextSpace) -> dict[str, BaseDistribution]:
    """Return a parameter `ctx.<feature>` for each feature, over its range and on its scale."""
    from optuna.distributions import FloatDistribution

    return {
        PREFIX + f.name: FloatDistribution(f.low, f.high, log=f.scale is Scale.LOG) for f in space
    }


def parameters(context: Mapping[str, float]) -> dict[str, float]:
    """Return a context as a trial's parameters."""
    return {PREFIX + name: value for name, value in context.items()}


def context_of(params: Mapping[str, float], space: ContextSpace) -> Context:
    """Return the context that a trial's parameters stand for."""
    return Context({name: params[PREFIX + name] for name in space.names})
