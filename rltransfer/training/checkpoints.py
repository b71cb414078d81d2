"""Looking at a policy while it learns, and keeping the best. Imports torch: load it late."""

from __future__ import annotations

from collections.abc import Callable

from stable_baselines3.common.callbacks import BaseCallback

from rltransfer.training.best_policy import BestPolicy
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

    sees_only_rollouts = True

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
        self._snapshot = snapshot
        self._kept = BestPolicy(monitor, total, looks, stop, first)

    @property
    def best(self) -> Policy:
        """The policy with the highest score; of equals, the latest."""
        return self._kept.best

    @property
    def curve(self) -> tuple[CurvePoint, ...]:
        """What was measured."""
        return self._kept.curve

    @property
    def stopped(self) -> bool:
        """Whether the policy has met the stopping rule."""
        return self._kept.stopped

    @property
    def kept(self) -> BestPolicy:
        """All that was seen."""
        return self._kept

    def _on_step(self) -> bool:
        return not self.stopped

    def _on_rollout_start(self) -> None:
        if self._kept.due(self.model.num_timesteps):
            self.look()

    def look(self) -> None:
        """Score the policy as it is now."""
        steps = self.model.num_timesteps
        self._kept.look(steps, self._snapshot(steps))
        if self.curve:
            self.logger.record("eval/mean_reward", self.curve[-1].score)
