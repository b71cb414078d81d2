"""Looking at a policy while it learns, and keeping the best. Imports torch: load it late."""

from __future__ import annotations

import math
from collections.abc import Callable

from stable_baselines3.common.callbacks import BaseCallback

from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.stage import CurvePoint
from rltransfer.training.stopping import StoppingRule

__all__ = ["BestCheckpoint"]


class BestCheckpoint(BaseCallback):
    """Scores the policy between rollouts, at about equal distances, and keeps the best.

    Args:
        snapshot: returns the agent's policy, given the steps done.
        monitor: scores it.
        total: environment steps of the whole training.
        looks: how often to look; the last look, after training, is the caller's.
        stop: ends the training early.
        first: the number of steps before which nobody looks; 0 to score the start itself.
    """

    def __init__(
        self,
        snapshot: Callable[[int], Policy],
        monitor: TrainingMonitor,
        total: int,
        looks: int,
        *,
        stop: StoppingRule | None = None,
        first: float | None = None,
    ) -> None:
        super().__init__()
        self._snapshot, self._monitor = snapshot, monitor
        self._total, self._interval = total, total / looks
        self._next = self._interval if first is None else first
        self._stop = stop
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

    def _on_step(self) -> bool:
        return not self.stopped

    def _on_rollout_start(self) -> None:
        if self.model.num_timesteps >= self._next:
            self.look()

    def look(self) -> None:
        """Score the policy as it is now."""
        steps = self.model.num_timesteps
        self._next = (steps // self._interval + 1) * self._interval
        policy = self._snapshot(steps)
        score = self._monitor.score(policy)
        if self._best is None or not score < self._best[0]:
            self._best = score, policy
        if measured := not math.isnan(score):
            self._curve.append(CurvePoint(steps, score))
        self._monitor.report(steps, self._total, score if measured else None)
