"""Protocol `choosing-sources`: who picks the few contexts that are worth a training?

Notation
    N, K    numbers of contexts, of picks
    J       returns of every context's own policy on every context, shape (N, N), on the scale on
            which the publication's normaliser is 0 to 1
    V_k     mean over targets of the best return of the first k picks

Every context's policy is trained once (`independent`), so that J is known as a whole; then all
selectors are played on it under the same conditions. Quantities:

    <selector>@k, random@k, oracle@k    V_k, and @K for the last; random is the mean of 100 orders,
                                        the oracle is greedy
    independent, multi-task             mean of J's diagonal; one policy of all contexts, not told
    gap                                 mean of J(x; x) - J(x; y) over sources and other targets
    k.<name>                            first k at which the published selector is above this one
    k.both, speed-up                    k at which it is above independent and multi-task, and N / k
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import Field

from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.sections import Count, Steps
from rltransfer.experiment.spec import Experiment
from rltransfer.reports.study import Replicate
from rltransfer.reproductions.measurements import Measurements
from rltransfer.reproductions.overtaking import Race
from rltransfer.reproductions.reproduction import Budget, Errand, Reproduction, Size
from rltransfer.schema import Table

__all__ = ["ChoosingBudget", "ChoosingSources", "Family"]

HIDDEN = "multi-task-hidden"


class Family(Table):
    """What varies.

    Attributes:
        env, vary, preset: as in an experiment.
        score: raw returns that the publication normalises to 0 and 1; the family's by default.
        algorithm: that trains; the family's own by default.
        options: further keys of the experiment's training table.
    """

    env: str
    vary: list[str] = Field(min_length=1)
    preset: str | None = None
    score: list[float] | None = Field(default=None, min_length=2, max_length=2)
    algorithm: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class ChoosingBudget(Budget):
    """How many contexts, picks, steps and episodes.

    Attributes:
        points: grid points per feature, in the order of `Family.vary`.
        rounds: K.
        steps: environment steps of each training; the family's own by default.
        episodes: of each policy in each context.
        options: further keys of the experiment's training table; they come before the family's.
    """

    points: list[Count] = Field(min_length=1)
    rounds: Count
    steps: Steps | None = None
    episodes: Count = 10
    options: dict[str, Any] = Field(default_factory=dict)


class ChoosingSources(Reproduction):
    """A published comparison of selectors on one family.

    Attributes:
        published: the selector that is the publication's own.
        selectors: those it is compared with; random and the oracle always are.
    """

    protocol: Literal["choosing-sources"]
    family: Family
    published: str = "mbtl-literal"
    selectors: list[str] = Field(
        default_factory=lambda: ["mbtl", "matrix-gp", "equidistant", "greedy-bisection"]
    )
    budgets: dict[Size, ChoosingBudget]

    @property
    def sizes(self) -> Mapping[str, ChoosingBudget]:
        """The budgets by size."""
        return {str(size): budget for size, budget in self.budgets.items()}

    def experiment(self, size: str) -> Experiment:
        """Return the study behind it: every context trained, one policy of all beside them."""
        family, budget = self.family, self.sizes[size]
        own = {"algorithm": family.algorithm, "steps": budget.steps}
        training = {**family.options, **budget.options, **own}
        contexts = {
            "vary": family.vary,
            "targets": dict(zip(family.vary, budget.points, strict=True)),
            "preset": family.preset,
        }
        tables = {
            "name": self.label(size),
            "env": family.env,
            "seeds": budget.seeds,
            "contexts": contexts,
            "selection": {"rounds": budget.rounds, "compare": ["independent", HIDDEN]},
            "training": {key: value for key, value in training.items() if value is not None},
            "evaluation": {"episodes": budget.episodes},
        }
        return Experiment.checked(tables, f"{self.name}.toml")

    def measure(self, errand: Errand) -> Measurements:
        """Train every context, then let all selectors pick; see `Reproduction`."""
        experiment = self.experiment(errand.size)
        with errand.watch.events() as events:
            runs = run_experiment(experiment, errand.out, jobs=errand.jobs, events=events)
        replicates = [Replicate.read(run) for run in runs]
        races = [self.race(replicate) for replicate in replicates]
        rng = np.random.default_rng(experiment.seeds[0])
        return Race.summary(races, facts_of(experiment, replicates), rng)

    def race(self, replicate: Replicate) -> Race:
        """Return all selectors on one seed's matrix."""
        score = self.family.score
        known = replicate.experiment.environment.spec.score
        low, high = (known.low, known.high) if score is None else score
        return Race(
            J=scaled(whole(replicate), low, high),
            untrained=replicate.own.lane.empty,
            multi_task=float(scaled(replicate.pool[HIDDEN].returns, low, high).mean()),
            rounds=replicate.experiment.selection.rounds,
            seed=replicate.seed,
            published=self.published,
            others=tuple(self.selectors),
        )


def whole(replicate: Replicate) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the mean return of every context's policy on every context, shape (N, N).

    Raises:
        InvalidExperiment: if a training has failed, so that a part is not known.
    """
    if replicate.truth is None or not np.isfinite(replicate.truth).all():
        raise InvalidExperiment(
            f"{replicate.run.path} does not hold a policy of every context: selectors can be "
            "compared only on a whole matrix. Look for failed sources in its report."
        )
    return np.asarray(replicate.truth.mean(axis=-1))


def scaled(
    returns: np.ndarray[Any, np.dtype[np.float64]], low: float, high: float
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return returns on the scale on which `low` is 0 and `high` is 1."""
    return (returns - low) / (high - low)


def facts_of(experiment: Experiment, replicates: Sequence[Replicate]) -> dict[str, Any]:
    """Return what was trained, as plain data."""
    records = [record for replicate in replicates for record in replicate.pool.values()]
    return {
        "contexts": len(experiment.sources()),
        "picks": experiment.selection.rounds,
        "seeds": list(experiment.seeds),
        "algorithm": experiment.algorithm,
        "steps_per_training": experiment.training_defaults().steps,
        "policies": len(records),
        "training_steps": sum(record.steps for record in records),
        "training_hours": round(sum(record.seconds for record in records) / 3600.0, 4),
        "versions": dict(records[0].versions),
    }
