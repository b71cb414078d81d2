"""Samplers of contexts by name, as experiments write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import UnknownName, did_you_mean
from rltransfer.training.context_mpts import MPTSContexts
from rltransfer.training.context_rounds import ContextRounds
from rltransfer.training.context_sampler import ContextSampler
from rltransfer.training.problem import TrainingProblem

__all__ = ["CONTEXT_SAMPLERS", "EVENLY", "make_context_sampler"]

EVENLY = "rounds"
"""What draws contexts where nothing is said."""

WARM_UP = 0.1
"""Share of a training's steps in which MPTS draws uniformly."""

Make = Callable[[TrainingProblem, int, np.random.Generator], ContextSampler]


def rounds(problem: TrainingProblem, steps: int, rng: np.random.Generator) -> ContextSampler:
    """Return what draws every context as often as any other."""
    return ContextRounds(problem.contexts, rng)


def mpts(problem: TrainingProblem, steps: int, rng: np.random.Generator) -> ContextSampler:
    """Return what draws contexts by a model of their risk."""
    return MPTSContexts(problem.contexts, varied_units(problem), WARM_UP * steps, rng)


CONTEXT_SAMPLERS: Mapping[str, Make] = MappingProxyType({EVENLY: rounds, "mpts": mpts})
"""What an experiment's `training.contexts` may say."""


def make_context_sampler(
    name: str, problem: TrainingProblem, steps: int, rng: np.random.Generator
) -> ContextSampler:
    """Build a sampler by name.

    Args:
        name: a key of `CONTEXT_SAMPLERS`.
        problem: whose contexts are drawn.
        steps: environment steps of the training.
        rng: of the draws.

    Raises:
        UnknownName: if there is no such sampler.
    """
    if name not in CONTEXT_SAMPLERS:
        raise UnknownName(
            f"nothing that draws contexts is called {name!r}"
            f"{did_you_mean(name, CONTEXT_SAMPLERS)} Known: {', '.join(CONTEXT_SAMPLERS)}."
        )
    return CONTEXT_SAMPLERS[name](problem, steps, rng)


def varied_units(problem: TrainingProblem) -> NDArray[np.float64]:
    """Return the contexts in the features that differ, each from 0 to 1, shape (n, d).

    On each feature's own scale; one column of zeros where all contexts are alike.
    """
    units = problem.env.space.to_unit(problem.contexts)
    span = np.ptp(units, axis=0)
    varied = span > 0.0
    if not varied.any():
        return np.zeros((len(units), 1))
    return np.asarray((units - units.min(axis=0))[:, varied] / span[varied])
