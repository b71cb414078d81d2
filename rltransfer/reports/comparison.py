"""Coverage over the number of sources: the study's own selector beside the others.

Notation
    S, M, E   numbers of seeds, targets, episodes
    K         rounds that all seeds have finished
    V_k       mean over targets of the best return of the first k sources
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rltransfer.experiment.spec import MULTI_TASK
from rltransfer.reports.estimate import Estimate
from rltransfer.reports.study import Replicate, Study
from rltransfer.selection.oracle import SequentialOracle, replay
from rltransfer.selection.serving import serve
from rltransfer.transfer import TransferMatrix

__all__ = ["Comparison", "CoverageCurve", "Reference", "served"]

Array = NDArray[np.float64]
ORACLE = "sequential oracle"

TOLD, HIDDEN = MULTI_TASK


@dataclass(frozen=True)
class CoverageCurve:
    """V_k of one selector, k = 1 … K.

    Attributes:
        name: the selector.
        points: V_k, length K; its intervals take the policy that serves each target as given.
        steps: training steps of the first k sources together, averaged over seeds, length K;
            empty where they are not known.
    """

    name: str
    points: tuple[Estimate, ...]
    steps: tuple[float, ...] = ()

    @classmethod
    def of(
        cls, name: str, matrices: Sequence[TransferMatrix], rng: np.random.Generator
    ) -> CoverageCurve:
        """Follow a selector over the rounds that all its S matrices have."""
        rounds = range(1, min(len(matrix.trained) for matrix in matrices) + 1)
        return cls(
            name,
            tuple(
                Estimate.of_episodes([served(matrix.after(k)) for matrix in matrices], rng)
                for k in rounds
            ),
        )

    @classmethod
    def of_lane(cls, name: str, study: Study, rng: np.random.Generator) -> CoverageCurve:
        """Follow one of the study's selectors."""
        curve = cls.of(name, [r.states[name].transfer for r in study.replicates], rng)
        spent = [steps_of(r, name)[: curve.rounds] for r in study.replicates]
        return replace(curve, steps=tuple(np.mean(spent, axis=0).tolist()))

    @property
    def rounds(self) -> int:
        """K."""
        return len(self.points)

    @property
    def values(self) -> Array:
        """V_k averaged over seeds, shape (K,)."""
        return np.array([point.value for point in self.points])

    @property
    def per_seed(self) -> Array:
        """V_k of each seed, shape (S, K)."""
        return np.array([point.per_seed for point in self.points]).T

    @property
    def final(self) -> Estimate:
        """V_K."""
        return self.points[-1]

    def lead(self, other: CoverageCurve, rng: np.random.Generator) -> Estimate:
        """Estimate how much larger V is here, at the last round that both have, seed by seed."""
        k = min(self.rounds, other.rounds) - 1
        return Estimate.of_pairs(self.points[k].per_seed, other.points[k].per_seed, rng)


@dataclass(frozen=True)
class Reference:
    """A coverage that does not depend on the number of sources.

    Attributes:
        name: what legends call it.
        about: half a sentence on what it is.
        coverage: its V.
    """

    name: str
    about: str
    coverage: Estimate


@dataclass(frozen=True)
class Comparison:
    """All coverages of a study.

    Attributes:
        curves: the selectors, the study's own first; those that have begun in every seed.
        oracle: greedy on the true matrix, where every source is trained in every seed.
        references: what else V is compared with.
    """

    curves: tuple[CoverageCurve, ...]
    oracle: CoverageCurve | None
    references: tuple[Reference, ...]

    @classmethod
    def of(cls, study: Study, rng: np.random.Generator) -> Comparison:
        """Compare what the study's runs hold."""
        names = [
            name
            for name in study.replicates[0].states
            if all(replicate.states[name].picks for replicate in study.replicates)
        ]
        curves = tuple(CoverageCurve.of_lane(name, study, rng) for name in names)
        return cls(curves, oracle_curve(study, rng), references(study, rng))

    @property
    def own(self) -> CoverageCurve:
        """The study's own selector."""
        return self.curves[0]


def served(matrix: TransferMatrix) -> Array:
    """Return the episodes of the policy that serves each target, shape (M, E).

    Where it was not measured, every episode is what is forecast.
    """
    there = matrix.covering_returns[0]
    if matrix.complete:
        return there
    best = serve(matrix)
    return np.where(best.measured[:, None], there, best.returns[:, None])


def steps_of(replicate: Replicate, name: str) -> Array:
    """Return the training steps of a selector's first k sources together, k = 1 … K."""
    records = [replicate.pool[key] for key in replicate.states[name].keys]
    return np.cumsum([float(record.steps) for record in records])


def oracle_curve(study: Study, rng: np.random.Generator) -> CoverageCurve | None:
    """Replay the sequential oracle on each seed's own true matrix.

    Where sources inherit, there is no true matrix: what one returns depends on those before it.
    """
    if study.experiment.inherits:
        return None
    matrices = []
    for replicate in study.replicates:
        if replicate.truth is None:
            return None
        asked, truth = replicate.own.lane.empty, replicate.truth
        oracle = SequentialOracle(truth.mean(axis=-1))
        rounds = replicate.own.lane.rounds
        matrices.append(replay(oracle, truth, asked.space, asked.sources, asked.targets, rounds))
    return CoverageCurve.of(ORACLE, matrices, rng)


def references(study: Study, rng: np.random.Generator) -> tuple[Reference, ...]:
    """Return the references that are known in every seed."""
    known = []
    for name, (about, find) in REFERENCES.items():
        rows = [find(replicate) for replicate in study.replicates]
        found = [row for row in rows if row is not None]
        if len(found) == len(rows):
            known.append(Reference(name, about, Estimate.of_episodes(found, rng)))
    return tuple(known)


def policy(key: str) -> Callable[[Replicate], Array | None]:
    """Return a function that finds the returns (M, E) of the policy of this key."""
    return lambda replicate: replicate.pool[key].returns if key in replicate.pool else None


def best_of_all(replicate: Replicate) -> Array | None:
    """Return the episodes of the best policy of the run on each target, shape (M, E).

    Where policies are measured on some targets only, the best of all is not known.
    """
    if not all(record.measured.all() for record in replicate.pool.values()):
        return None
    returns = np.stack([record.returns for record in replicate.pool.values()])
    best = returns.mean(axis=-1).argmax(axis=0)
    return np.asarray(returns[best, np.arange(returns.shape[1])])


def independent(replicate: Replicate) -> Array | None:
    """Return the episodes of every context's own policy, shape (M, E), where all are trained."""
    if replicate.truth is None:
        return None
    rows = [replicate.known.problem.source_index(target) for target in replicate.known.targets]
    return np.asarray(replicate.truth[rows, np.arange(len(rows))])


REFERENCES: dict[str, tuple[str, Callable[[Replicate], Array | None]]] = {
    TOLD: ("one policy trained on all contexts, told the context", policy(TOLD)),
    HIDDEN: (
        "one policy trained on all contexts, not told the context",
        policy(HIDDEN),
    ),
    "independent": ("one policy per context from nothing, each on its own context", independent),
    "best of all trained": (
        "for each target the best of all policies of the run, an upper bound on what its "
        "policies can cover",
        best_of_all,
    ),
}
