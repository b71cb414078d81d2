"""The best policy of a training and its learning curve, from looks at about equal distances."""

from __future__ import annotations

import math

from rltransfer.training.kept import Tree
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import PolicySpec
from rltransfer.training.stage import CurvePoint
from rltransfer.training.stopping import StoppingRule

__all__ = ["BestPolicy"]


class BestPolicy:
    """Scores the policies it is shown, and keeps the best.

    Args:
        monitor: scores policies.
        total: environment steps of the whole training.
        looks: how often to look.
        stop: ends the training early.
        first: the number of steps before which nobody looks; 0 to score the start itself.
    """

    def __init__(
        self,
        monitor: TrainingMonitor,
        total: int,
        looks: int,
        stop: StoppingRule | None = None,
        first: float | None = None,
    ) -> None:
        self._monitor, self._total, self._interval = monitor, total, total / looks
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

    def due(self, steps: int) -> bool:
        """Say whether it is time to look, `steps` environment steps after the beginning."""
        return steps >= self._next

    def look(self, steps: int, policy: Policy) -> None:
        """Score a policy."""
        self._next = (steps // self._interval + 1) * self._interval
        score = self._monitor.score(policy)
        if self._best is None or not score < self._best[0]:
            self._best = score, policy
        if measured := not math.isnan(score):
            self._curve.append(CurvePoint(steps, score))
        self._monitor.report(steps, self._total, score if measured else None)

    # -- see `kept.Kept` ---------------------------------------------------------------------------

    def state(self) -> Tree:
        """Return the best policy with its score, the curve, and when to look next."""
        best: Tree = {}
        if self._best is not None:
            score, policy = self._best
            spec = policy.spec.model_dump_json()
            best = {"score": score, "spec": spec, "weights": dict(policy.weights)}
        return {"next": self._next, "curve": [list(point) for point in self._curve], "best": best}

    def restore(self, state: Tree) -> None:
        """Have seen what another one has."""
        self._next = float(state["next"])
        self._curve = [CurvePoint(int(step), float(score)) for step, score in state["curve"]]
        if best := state["best"]:
            spec = PolicySpec.model_validate_json(best["spec"])
            self._best = float(best["score"]), Policy(spec, best["weights"])
