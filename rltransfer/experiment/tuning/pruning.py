"""When a trial is ended because others did better at the same point.

Optuna's `MedianPruner` compares the best of a trial's intermediate values; ours are of other
contexts at other steps, where an easy first context would save every trial. `MedianAtStep` compares
the value at the step itself: a trial is ended below the median of the complete ones there.
Hyperband (Li et al. 2018; asynchronous rungs as in Li et al. 2020) is Optuna's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from optuna.pruners import BasePruner, HyperbandPruner, NopPruner
from optuna.trial import TrialState

from rltransfer.training.online import LOOKS

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

__all__ = ["MedianAtStep", "make_pruner"]

WARMUP = LOOKS // 4
"""Looks at the first training before a trial may be ended: early scores say little."""

REDUCTION = 3
"""Hyperband's η: of so many trials one goes on to the next rung."""


class MedianAtStep(BasePruner):
    """Ends a trial whose last value is below the median of the complete trials at that step.

    Args:
        startup: complete trials before any is ended.
        warmup: steps before a trial may be ended.
    """

    def __init__(self, startup: int, warmup: int = WARMUP) -> None:
        self._startup, self._warmup = startup, warmup

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Say whether to end the trial after its last value."""
        step = trial.last_step
        others = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if step is None or step < self._warmup or len(others) < self._startup:
            return False
        then = [found for other in others if (found := value_at(other, step)) is not None]
        return bool(then) and trial.intermediate_values[step] < float(np.median(then))


def value_at(trial: FrozenTrial, step: int) -> float | None:
    """Return a trial's last value up to a step; None if it has none so early."""
    before = [s for s in trial.intermediate_values if s <= step]
    return trial.intermediate_values[max(before)] if before else None


def make_pruner(name: str, startup: int, steps: int) -> BasePruner:
    """Return a pruner by the name that a tuning has for it.

    Args:
        name: "median", "hyperband" or "none".
        startup: complete trials before the median counts.
        steps: intermediate values of a complete trial, which is Hyperband's largest resource.
    """
    if name == "median":
        return MedianAtStep(startup)
    if name == "hyperband":
        return HyperbandPruner(WARMUP, max_resource=steps, reduction_factor=REDUCTION)
    return NopPruner()
