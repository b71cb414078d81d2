"""Looking at a policy while it learns outside Stable-Baselines3; see also `checkpoints`."""

from __future__ import annotations

from collections.abc import Mapping

from rltransfer.training.best_policy import BestPolicy
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.stopping import StoppingRule

__all__ = ["Looks"]


class Looks(BestPolicy):
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
        super().__init__(monitor, total, count, stop, first=0.0)
        self._provenance = dict(provenance)

    def look(self, steps: int, policy: Policy) -> None:
        """Score a policy, with where it is from written into it."""
        known = {**self._provenance, "steps": str(steps)}
        spec = policy.spec.model_copy(update={"provenance": known})
        super().look(steps, Policy(spec, policy.weights))
