"""What a tuning has found: the best settings, how far they can be trusted, what mattered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rltransfer.experiment.tuning.folder import TuningFolder
from rltransfer.experiment.tuning.record import Trial
from rltransfer.experiment.tuning.spec import Tuning
from rltransfer.experiment.tuning.study import TuningStudy
from rltransfer.files import write_atomically, write_text
from rltransfer.runs.ledger import quiet
from rltransfer.seeding import derive_seed

if TYPE_CHECKING:
    import optuna
    import pandas as pd
    from optuna.importance import FanovaImportanceEvaluator

__all__ = ["FAMILY", "Outcome", "again"]

FEWEST = 4
"""Different values below which nothing is said of importance."""

FAMILY = "family"
"""The reference with nothing changed: the family's own settings, or the file's."""


def again(trial: Trial | None) -> str:
    """Return the name of the reference that trains settings with fresh seeds.

    Args:
        trial: whose settings; None for the family's own.
    """
    return f"{FAMILY if trial is None else f'trial-{trial.number:03d}'}-again"


@dataclass(frozen=True)
class Outcome:
    """A tuning and its records so far.

    Attributes:
        tuning: resolved.
        trials: in order.
        references: settings that are not searched, by name.
    """

    tuning: Tuning
    trials: tuple[Trial, ...]
    references: Mapping[str, Trial]

    @classmethod
    def read(cls, folder: TuningFolder) -> Outcome:
        """Read what a folder holds, finished or not.

        Raises:
            CorruptRun: if it holds no tuning, or a file in it was changed.
        """
        tuning = folder.tuning()
        trials = tuple(folder.trials())
        found = cls(tuning, trials, {})
        names = [FAMILY, again(None), *([] if found.best is None else [again(found.best)])]
        known = {name: folder.trial(name) for name in names}
        return replace(found, references={n: t for n, t in known.items() if t is not None})

    def after(self, trial: Trial) -> Outcome:
        """Return the outcome with one more trial."""
        return replace(self, trials=(*self.trials, trial))

    def having(self, name: str, reference: Trial) -> Outcome:
        """Return the outcome with one more reference."""
        return replace(self, references={**self.references, name: reference})

    @property
    def best(self) -> Trial | None:
        """The complete trial of the highest value; of equals the first."""
        complete = [trial for trial in self.trials if trial.value is not None]
        return max(complete, key=lambda trial: trial.value or 0.0, default=None)

    @property
    def own(self) -> float | None:
        """What the settings are worth that nothing was changed in."""
        return value_of(self.references.get(FAMILY))

    @property
    def fresh(self) -> tuple[float, float] | None:
        """What the best settings, and the unchanged ones, are worth with fresh seeds."""
        best, own = (value_of(self.references.get(again(t))) for t in (self.best, None))
        return None if self.best is None or best is None or own is None else (best, own)

    @property
    def toml(self) -> str:
        """The training table of the best trial, every value in force, as an experiment's TOML.

        Raises:
            ValueError: if no trial is complete.
        """
        import tomli_w

        if self.best is None:
            raise ValueError("no trial is complete")
        training = self.tuning.study(self.best.values).resolved().training
        table = training.model_copy(update={"origin": self.origin})
        return tomli_w.dumps({"training": table.model_dump(exclude_none=True)})

    @property
    def origin(self) -> str:
        """Where the best settings are from, in words."""
        tuning, number = self.tuning, None if self.best is None else self.best.number
        return (
            f"rltransfer tune: {tuning.env} over {', '.join(tuning.contexts.vary)}, trial {number} "
            f"of {len(self.trials)}, tuning {tuning.digest}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row per trial: number, state, value, hyperparameters, scores per context."""
        import pandas as pd

        return pd.DataFrame([self.row(trial) for trial in self.trials])

    def row(self, trial: Trial) -> dict[str, Any]:
        """Return a trial as a row of the table."""
        return {
            "trial": trial.number,
            "state": trial.state,
            "value": trial.value,
            **trial.values,
            **{f"score.{label}": score for label, score in self.scores(trial).items()},
            "steps": sum(cell.steps for cell in trial.cells),
            "seconds": round(trial.seconds, 1),
        }

    def scores(self, trial: Trial) -> dict[str, float]:
        """Return the mean score over a trial's finished trainings in each context, by label."""
        found: dict[str, list[float]] = {}
        for k, cell in enumerate(trial.cells):
            if cell.mean is not None:
                label = self.tuning.where[k % len(self.tuning.where)].label
                found.setdefault(label, []).append(self.tuning.objective.score(cell.mean))
        return {label: sum(scores) / len(scores) for label, scores in found.items()}

    # -- Optuna's view -------------------------------------------------------------------------

    def study(self) -> optuna.Study:
        """Return the trials as an Optuna study in memory, for its figures and evaluators."""
        return TuningStudy(self.tuning, self.trials).optuna

    def evaluator(self) -> FanovaImportanceEvaluator:
        """Return what tells importance: fANOVA (Hutter et al. 2014), seeded."""
        from optuna.importance import FanovaImportanceEvaluator

        return FanovaImportanceEvaluator(seed=derive_seed(self.tuning.seed, "importance"))

    @cached_property
    def importance(self) -> dict[str, float]:
        """The share of each hyperparameter in the variance of the value, largest first.

        Empty where the complete trials are too few, or all worth the same.
        """
        from optuna.importance import get_param_importances

        values = {trial.value for trial in self.trials if trial.value is not None}
        if len(values) < FEWEST:
            return {}
        with quiet():
            return get_param_importances(self.study(), evaluator=self.evaluator())

    # -- files ---------------------------------------------------------------------------------

    def write(self, folder: TuningFolder) -> None:
        """Write the best settings and the table of trials, each file whole."""
        write_text(folder.best, self.toml)
        frame = self.to_frame()
        write_atomically(folder.table, lambda path: frame.to_csv(path, index=False))


def value_of(trial: Trial | None) -> float | None:
    """Return what a trial is worth; None if it is not there."""
    return None if trial is None else trial.value
