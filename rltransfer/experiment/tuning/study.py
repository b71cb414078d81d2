"""The Optuna study that proposes settings and says which trials are hopeless; in memory.

Made from the finished trials whenever a tuning begins or goes on, so that what it proposes for
trial n is a function of the tuning, n, and the trials before it: the sampler (TPE, Bergstra et al.
2011; Watanabe 2023) begins every trial with a seed of its own and keeps nothing between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rltransfer.experiment.tuning.record import Trial
from rltransfer.experiment.tuning.spec import Tuning
from rltransfer.runs.ledger import quiet
from rltransfer.seeding import derive_seed

if TYPE_CHECKING:
    import optuna

__all__ = ["METRIC", "TuningStudy"]

METRIC = "score"
MARK = "completed_rung_"
"""What Hyperband notes of a trial begins so."""


class TuningStudy:
    """The study in memory of the process that tunes.

    Args:
        tuning: what is tuned, resolved.
        trials: what is finished.
    """

    def __init__(self, tuning: Tuning, trials: Sequence[Trial]) -> None:
        import optuna

        from rltransfer.experiment.tuning.pruning import make_pruner

        self._tuning = tuning
        self._running: optuna.Trial | None = None
        with quiet():
            self.optuna = optuna.create_study(
                study_name=tuning.name,  # by which Hyperband deals trials to brackets
                direction="maximize",
                pruner=make_pruner(tuning.pruner, tuning.startup, tuning.objective.steps),
            )
            self.optuna.set_metric_names([METRIC])
            for trial in trials:
                self.optuna.add_trial(self.frozen(trial))

    def frozen(self, trial: Trial) -> optuna.trial.FrozenTrial:
        """Return a finished trial as Optuna keeps it."""
        from optuna.trial import TrialState, create_trial

        values = dict(self.values(trial))
        complete = trial.value is not None
        return create_trial(
            state=TrialState.COMPLETE if complete else TrialState.PRUNED,
            params=trial.params,
            distributions=self._tuning.search_space.distributions,
            user_attrs=attributes(trial, self._tuning),
            system_attrs=dict(trial.marks),
            intermediate_values=values,
            value=trial.value if complete else next(reversed(values.values()), None),
        )

    def values(self, trial: Trial) -> list[tuple[int, float]]:
        """Return a trial's intermediate values, up to where it was ended."""
        found = self._tuning.objective.values(trial.cells, self._tuning.steps)
        return [(s, v) for s, v in found if trial.ended is None or s <= trial.ended]

    def propose(self, number: int) -> dict[str, Any]:
        """Begin trial `number`; return the parameters that the sampler chooses for it."""
        from optuna.samplers import TPESampler

        with quiet():
            seed = derive_seed(self._tuning.seed, f"propose trial {number}")
            self.optuna.sampler = TPESampler(seed=seed)
            self._running = self.optuna.ask(self._tuning.search_space.distributions)
        assert self._running.number == number, "trials are proposed in order"
        return dict(self._running.params)

    def hopeless(self, step: int, value: float) -> bool:
        """Report an intermediate value of the running trial; say whether to end it."""
        assert self._running is not None, "propose comes first"
        with quiet():
            self._running.report(value, step)
            return self._running.should_prune()

    @property
    def marks(self) -> dict[str, float]:
        """What the pruner has noted of the running trial."""
        assert self._running is not None, "propose comes first"
        noted = self.optuna._storage.get_trial_system_attrs(self._running._trial_id)
        return {name: float(x) for name, x in noted.items() if name.startswith(MARK)}

    def finish(self, trial: Trial) -> None:
        """Put a trial's record in place of the running trial."""
        from optuna.trial import TrialState

        assert self._running is not None, "propose comes first"
        state = TrialState.PRUNED if trial.value is None else None
        with quiet():
            self.optuna.tell(self._running, trial.value, state)
        self._running = None


def attributes(trial: Trial, tuning: Tuning) -> dict[str, Any]:
    """Return what the dashboard shows beside a trial's parameters, as plain data."""
    labels = [context.label for context in tuning.where]
    told: dict[str, Any] = {
        f"return {labels[k % len(labels)]} #{k // len(labels)}": cell.mean
        for k, cell in enumerate(trial.cells)
        if cell.mean is not None
    }
    told |= {name: plain(value) for name, value in trial.values.items() if name not in trial.params}
    told["seconds"] = round(trial.seconds, 1)
    if trial.failure is not None:
        told["failure"] = trial.failure
    return told


def plain(value: Any) -> Any:
    """Return a hyperparameter with the digits that people read."""
    return float(f"{value:.6g}") if isinstance(value, float) else value
