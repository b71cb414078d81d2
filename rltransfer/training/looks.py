"""Looking at a policy while it learns, and keeping the best; see also `checkpoints`."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.stage import CurvePoint
from rltransfer.training.stopping import StoppingRule

__all__ = ["Looks"]


class Looks:
    """Scores a policy before the first step and then at about equal distances.

    Args:
        monitor: scores policies.
        total: environment steps of the whole training.
        count: how often to look after the first time; the last look is the caller's.
        provenance: how the policies came to be; each also gets its steps.
        stop: ends the training early.
    """

    def __init__(
        self,
        monitor: TrainingMonitor,
        total: int,
        count: int,
        provenance: Mapping[str, str],
        stop: StoppingRule | None = None,
    ) -> None:
        self._monitor, self._total, self._interval = monitor, total, total / count
        self._provenance, self._stop = dict(provenance), stop
        self._next = 0.0
        self._best: tuple[float, Policy] | None = None
        self._curve: list[CurvePoint] = []

    @property
    def best(self) -> Policy:
        """The policy with the highest score; of equals, the latest."""
        assert self._best is not None, "look() comes first"
        return self._best[1]

    @property
    def curve(self) -> tuple[CurvePoint, ...]:
        """What was measured."""
        return tuple(self._curve)

    @property
    def stopped(self) -> bool:
        """Whether the policy has met the stopping rule."""
        scores = [point.score for point in self._curve]
        return self._stop is not None and self._stop.met(scores)

    def due(self, steps: int) -> bool:
        """Say whether it is time to look, `steps` environment steps after the beginning."""
        return steps >= self._next

    def look(self, steps: int, policy: Policy) -> None:
        """Score a policy."""
        self._next = (steps // self._interval + 1) * self._interval
        policy = self._signed(policy, steps)
        score = self._monitor.score(policy)
        if self._best is None or not score < self._best[0]:
            self._best = score, policy
        if measured := not math.isnan(score):
            self._curve.append(CurvePoint(steps, score))
        self._monitor.report(steps, self._total, score if measured else None)

    def _signed(self, policy: Policy, steps: int) -> Policy:
        known = {**self._provenance, "steps": str(steps)}
        return Policy(policy.spec.model_copy(update={"provenance": known}), policy.weights)
