"""What is selected on: families of matrices, an instance of each for every seed.

Notation
    N    contexts; all are candidates and targets
    K    rounds: 50 on the synthetic families, 15 on the lines, min(15, N/2) on trained matrices

Seed 0 of a trained matrix is the matrix; the others are random 70 % of its contexts. There is
one training of each, so the seeds of a trained matrix are not independent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from instance import Instance
from matrices import TRAINED, TrainedMatrix

from rltransfer.testing.lines import LINES, LineFamily
from rltransfer.testing.toys import SyntheticFamily

Draw = Callable[[int, np.random.Generator], Instance]

SHARE = 0.7
"""Of a trained matrix's contexts that every seed but the first sees."""


@dataclass(frozen=True)
class Family:
    """Matrices of one kind.

    Attributes:
        group: of panels, as the command line names it.
        panel: of families whose scores are averaged.
        name: within the panel.
        draw: makes the matrix of a seed, with a generator that is the family's own.
        fixed: whether all seeds have the same matrix.
    """

    group: str
    panel: str
    name: str
    draw: Draw
    fixed: bool = False

    @property
    def folder(self) -> str:
        """The name of its folder, made of letters, digits and hyphens."""
        return f"{self.panel} {self.name}".replace("=", "").replace(" ", "-")

    def instance(self, seed: int) -> Instance:
        """Return the matrix of a seed."""
        return self.draw(seed, np.random.default_rng(self.entropy(seed)))

    def selector_seed(self, seed: int) -> int:
        """Return the seed of the selectors, so that the families' random picks are unrelated."""
        return int(self.entropy(seed).spawn(1)[0].generate_state(1)[0])

    def entropy(self, seed: int) -> np.random.SeedSequence:
        """Return another one for each family and seed."""
        return np.random.SeedSequence([seed, *self.folder.encode()])


def synthetic(noise: float, panel: str) -> list[Family]:
    """Return the 8 settings of SD-MBTL's synthetic family at one noise."""
    settings = {
        f"{kind} f{f} g{g}": SyntheticFamily(below, 8, f, g, noise)
        for (kind, below), f, g in product(KINDS.items(), (0, 4), (0, 3))
    }
    return [
        Family("synthetic", panel, name, drawn(family, rounds=50), fixed=noise == 0)
        for name, family in settings.items()
    ]


KINDS = {"distance": (-3.0, -3.0, -3.0), "signed": (1.0, 1.0, -3.0)}
"""The losses per index of a target above its source: those of a distance, and two gains."""


def lines(size: int, panel: str) -> list[Family]:
    """Return the one-dimensional families at one size."""
    return [
        Family("lines", panel, name, drawn(LineFamily(formula, size), rounds=15))
        for name, formula in LINES.items()
    ]


def drawn(family: SyntheticFamily | LineFamily, rounds: int) -> Draw:
    """Return the rule that draws an instance."""
    return lambda seed, rng: Instance(family.draw(rng), family.space, family.contexts, rounds)


def trained(name: str) -> Draw:
    """Return the rule that takes a part of a trained matrix, all of it with seed 0."""

    def draw(seed: int, rng: np.random.Generator) -> Instance:
        whole = TrainedMatrix.load(name)
        part = whole.subset(SHARE, rng) if seed else whole
        return Instance(part.J, part.space, part.contexts, min(15, len(part.J) // 2))

    return draw


FAMILIES = (
    *synthetic(0.0, "3-D noise 0"),
    *synthetic(5.0, "3-D noise 5"),
    *synthetic(30.0, "3-D noise 30"),
    *lines(50, "1-D N=50"),
    *lines(100, "1-D N=100"),
    *(Family("trained", "trained", name, trained(name)) for name in TRAINED),
)
GROUPS = tuple(dict.fromkeys(family.group for family in FAMILIES))
PANELS = tuple(dict.fromkeys(family.panel for family in FAMILIES))
