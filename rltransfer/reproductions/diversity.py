"""Protocol `offline-generalization`: does more data help on new contexts, or data of more contexts?

Source: Mediratta, You, Jiang, Raileanu, The Generalization Gap in Offline Reinforcement Learning
(ICLR 2024). Their levels of a game are our contexts; those that training may see lie inside the
family's split `inner60`. One PPO policy is trained on all of these and acts with its noise, as
their expert does; its transitions are the data. Three designs:

    few      data of few contexts
    many     as many transitions, of many contexts
    large    data of the few contexts, and more of them

Quantities: `<arm>.<design>.<part>`, with the parts

    train    mean score in the contexts of the data
    test     in new contexts inside the range of training (interpolation)
    outside  in contexts of which a feature lies outside of it (extrapolation)
    gap      train - test

and the effects on `test`, `<arm>.diversity` = many - few and `<arm>.size` = large - few. `online`
is PPO itself, trained on the contexts of the design. Scores are on the family's scale, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from joblib import Parallel, delayed
from pydantic import Field

from rltransfer.envs import ContextualEnv, make
from rltransfer.experiment.sections import Count, Steps
from rltransfer.experiment.solo.listener import Listener
from rltransfer.reproductions.bench import MANY, ONLINE, Bench, Cell
from rltransfer.reproductions.measurements import Curve, Measurements, Picture, estimated
from rltransfer.reproductions.reproduction import Budget, Errand, Reproduction, Size
from rltransfer.schema import Table

__all__ = ["Design", "DiversityBudget", "OfflineGeneralization", "quantities"]

PARTS = ("train", "test")
"""Of the figure."""


class Design(Table):
    """How many contexts are recorded, and how many transitions of all of them together."""

    contexts: Count
    transitions: Steps


class DiversityBudget(Budget):
    """How much is trained, recorded and measured.

    Attributes:
        steps: of PPO, on all contexts of a design.
        few, many, large: the designs.
        held_out: new contexts inside, and as many outside.
        episodes: of each policy in each context.
    """

    steps: Steps
    few: Design
    many: Design
    large: Design
    held_out: Count = 20
    episodes: Count = 5

    @property
    def designs(self) -> dict[str, Design]:
        """The designs by name."""
        return {"few": self.few, MANY: self.many, "large": self.large}


class OfflineGeneralization(Reproduction):
    """Offline learners on data of few or many contexts, beside PPO online.

    Attributes:
        env: the family.
        vary: the features that vary; the policies see them, as those of the source see the level.
        arms: names of `ARMS` that take no environment step.
    """

    protocol: Literal["offline-generalization"]
    env: str
    vary: list[str] = Field(min_length=1)
    arms: list[Literal["cloning", "iql", "uni-o4-offline"]] = Field(min_length=1)
    budgets: dict[Size, DiversityBudget]

    @property
    def sizes(self) -> Mapping[str, DiversityBudget]:
        """The budgets by size."""
        return {str(size): budget for size, budget in self.budgets.items()}

    @cached_property
    def family(self) -> ContextualEnv:
        """The family."""
        return make(self.env)

    def measure(self, errand: Errand) -> Measurements:
        """Train PPO, record it, train every arm on every design; see `Reproduction`."""
        bench = Bench(self, self.sizes[errand.size], errand.out / self.label(errand.size))
        online, offline = self.cells(bench.budget)
        with errand.watch.stages() as listener:
            for cell in online:
                bench.train_online(cell, listener)
            told = listener if errand.jobs == 1 else Listener()
            Parallel(n_jobs=errand.jobs)(
                delayed(bench.train_offline)(cell, told) for cell in offline
            )
        return self.summary(bench, {cell: bench.scores(cell) for cell in [*online, *offline]})

    def cells(self, budget: DiversityBudget) -> tuple[list[Cell], list[Cell]]:
        """Return the trainings online, which the others need, and those on data."""
        online = [Cell(ONLINE, design, seed) for seed in budget.seeds for design in ("few", MANY)]
        offline = [
            Cell(arm, design, seed)
            for seed in budget.seeds
            for design in budget.designs
            for arm in self.arms
        ]
        return online, offline

    def summary(self, bench: Bench, scores: Mapping[Cell, Mapping[str, float]]) -> Measurements:
        """Put all seeds together."""
        budget = bench.budget
        seeds = [dict(quantities(scores, seed)) for seed in budget.seeds]
        numbers = estimated(seeds, np.random.default_rng(0))
        values = {name: estimate.value for name, estimate in numbers.items()}
        curves = {
            f"{arm}, {part}": curve_of(values, arm, part, tuple(budget.designs))
            for arm in (ONLINE, *self.arms)
            for part in PARTS
        }
        ticks = tuple(
            f"{name}\n{design.contexts} contexts, {design.transitions:,}"
            for name, design in budget.designs.items()
        )
        picture = Picture("contexts and transitions", "mean score", curves, ticks=ticks)
        return Measurements(numbers, picture, facts=self.facts(bench, list(scores)))

    def facts(self, bench: Bench, cells: Sequence[Cell]) -> dict[str, Any]:
        """Return what was done, as plain data."""
        budget = bench.budget
        return {
            "designs": {name: d.model_dump() for name, d in budget.designs.items()},
            "held_out": budget.held_out,
            "seeds": list(budget.seeds),
            "policies": len(cells),
            "training_hours": round(sum(map(bench.seconds, cells)) / 3600.0, 4),
            "steps_per_training": budget.steps,
            "versions": self.family.simulator.versions(),
        }


def curve_of(values: Mapping[str, float], arm: str, part: str, designs: Sequence[str]) -> Curve:
    """Return an arm's scores over the designs that it has."""
    names = [f"{arm}.{design}.{part}" for design in designs]
    known = [(float(place), values[name]) for place, name in enumerate(names) if name in values]
    return Curve(tuple(x for x, _ in known), tuple(y for _, y in known))


def quantities(
    scores: Mapping[Cell, Mapping[str, float]], seed: int
) -> Iterator[tuple[str, float]]:
    """Yield every quantity of one seed."""
    own = {(c.arm, c.design): found for c, found in scores.items() if c.seed == seed}
    for (arm, design), found in own.items():
        yield from ((f"{arm}.{design}.{part}", score) for part, score in found.items())
    for arm in dict.fromkeys(arm for arm, _ in own):
        yield f"{arm}.diversity", own[arm, MANY]["test"] - own[arm, "few"]["test"]
        if (arm, "large") in own:
            yield f"{arm}.size", own[arm, "large"]["test"] - own[arm, "few"]["test"]
