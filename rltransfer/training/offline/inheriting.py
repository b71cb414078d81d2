"""Other sources' policies as the ensemble to improve: their weights, in this problem's units.

Notation
    x           an observation
    m, s        mean and standard deviation that a policy standardises with
    m', s'      those of the data of this problem
    W, b        first layer of a network: W z + b with z = (x - m) / s

The same function of x on z' = (x - m') / s' has the first layer
    W' = W s'/s,    b' = b + W (m' - m) / s.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.network import layout_of
from rltransfer.training.offline.stage import OfflineStage
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import Normalization
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import StageResult

__all__ = ["Inheriting", "restandardised"]


@dataclass(frozen=True)
class Inheriting(OfflineStage):
    """Takes the policies of a head start as members, best first; the best is the anchor.

    Attributes:
        view: how the data are looked at.
        members: how many to take at most.
    """

    view: DataView = DataView()
    members: int = 4

    @property
    def name(self) -> str:
        """A word for tables."""
        return "inheriting"

    def run_all(
        self,
        problems: Sequence[TrainingProblem],
        starts: Sequence[HeadStart],
        seeds: Sequence[np.random.SeedSequence],
        monitor: TrainingMonitor,
        segments: Segments | None = None,
    ) -> list[StageResult]:
        """Inherit; see `OfflineStage.run_all`."""
        pairs = zip(problems, starts, strict=True)
        return [self.inherit(problem, start) for problem, start in pairs]

    def inherit(self, problem: TrainingProblem, start: HeadStart) -> StageResult:
        """Return the members of one problem, the first of them as its policy."""
        began = time.perf_counter()
        stats = self.view.of(problem, start.need_data(self.name)).normalization
        given = start.members or (start.need_policy(self.name),)
        members = tuple(restandardised(policy, stats) for policy in given[: self.members])
        return StageResult(
            learned=start.having(policy=members[0], members=members, anchor=members[0]),
            steps=0,
            seconds=time.perf_counter() - began,
            findings={"members": len(members)},
        )


def restandardised(policy: Policy, stats: Normalization) -> Policy:
    """Return the same function of observations, standardised with other statistics.

    The unit of its value function stays. Equal but where one of the two clips an observation.
    """
    old = policy.spec.normalization
    mean, scale = np.zeros(len(stats.mean)), np.ones(len(stats.mean))
    if old is not None:
        mean, scale = np.asarray(old.mean), np.sqrt(np.asarray(old.var) + old.epsilon)
    shift = (np.asarray(stats.mean) - mean) / scale
    stretch = np.sqrt(np.asarray(stats.var) + stats.epsilon) / scale
    weights = dict(policy.weights)
    for layer in layout_of(policy.spec).layers:
        if layer.reads:
            W = weights[layer.weight].astype(np.float64)
            weights[layer.bias] = (weights[layer.bias] + W @ shift).astype(np.float32)
            weights[layer.weight] = (W * stretch).astype(np.float32)
    unit = None if old is None else old.return_var
    spec = policy.spec.model_copy(
        update={"normalization": stats.model_copy(update={"return_var": unit})}
    )
    return Policy(spec, weights)
