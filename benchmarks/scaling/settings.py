"""The studies that are simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rltransfer.experiment.spec import Experiment


@dataclass(frozen=True)
class Setting:
    """A study and its workers.

    Attributes:
        about: what it is to show.
        grid: points of each feature of CartPole.
        rounds: of each selector.
        selector: the study's own.
        compare: what else is trained.
        workers: that train at once.
        seconds: of a training, on average.
        episodes: in each target.
    """

    about: str
    grid: Mapping[str, int]
    rounds: int
    selector: str = "matrix-gp"
    compare: tuple[str, ...] = ()
    workers: int = 200
    seconds: float = 1.0
    episodes: int = 10

    def experiment(self, name: str) -> Experiment:
        """Return the study."""
        return Experiment.of(
            "cartpole",
            vary=list(self.grid),
            rounds=self.rounds,
            selection={"selector": self.selector, "compare": list(self.compare)},
            contexts={"vary": list(self.grid), "targets": dict(self.grid)},
            evaluation={"episodes": self.episodes},
            name=name,
        )


SETTINGS = {
    "chain": Setting(
        "10^2 rounds over 10^3 contexts: one selector, one training after another",
        {"length": 1000}, rounds=100, workers=1, seconds=0.01,
    ),
    "lanes": Setting(
        "10^3 contexts, 100 rounds of the default beside five plans and baselines",
        {"length": 1000}, rounds=100, workers=6, seconds=0.01,
        compare=("random", "equidistant", "sobol", "greedy-bisection", "k-medoids"),
    ),
    "independent": Setting(
        "every one of 10^3 contexts trained by itself, 200 workers",
        {"length": 1000}, rounds=1, compare=("independent",),
    ),
    "ten thousand": Setting(
        "every one of 10^4 contexts trained by itself, 200 workers",
        {"length": 100, "masspole": 100}, rounds=1, selector="equidistant",
        compare=("independent",), episodes=1,
    ),
}  # fmt: skip
