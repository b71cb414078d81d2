"""One result of the comparison: a family, a contender, a seed.

score = (mean_k V - random) / (oracle - random), where random and oracle are the same means of 200
random orders and of the sequential oracle on the same matrix.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from contenders import draws, is_for, outcome_of
from families import FAMILIES, Family
from instance import Instance

from rltransfer.errors import InvalidExperiment
from rltransfer.files import write_text

OUT = Path(__file__).resolve().parents[1] / "out" / "selection"


@dataclass(frozen=True)
class Cell:
    """What is kept of one run.

    Attributes:
        curve, random, oracle: coverage after 1 … K sources, of the contender and its references.
        picks: the sources in order; empty where each budget has its own.
        seconds: of CPU per decision; None where nothing is decided.
    """

    curve: list[float]
    picks: list[int]
    seconds: float | None
    random: list[float]
    oracle: list[float]

    @classmethod
    def read(cls, path: Path) -> Cell:
        """Read what was written."""
        return cls(**json.loads(path.read_text()))

    @property
    def score(self) -> float:
        """0 is random, 1 the sequential oracle."""
        low, high = np.mean(self.random), np.mean(self.oracle)
        return float((np.mean(self.curve) - low) / (high - low))


def path_of(family: Family, name: str, seed: int) -> Path:
    """Return where a cell lies."""
    return OUT / family.folder / name / f"{seed}.json"


def run_family(number: int, names: Sequence[str], seeds: int) -> None:
    """Run what is missing of a family, given by its place in `FAMILIES`."""
    family = FAMILIES[number]
    for seed in range(seeds):
        missing = [name for name in names if not path_of(family, name, seed).exists()]
        if missing:
            instance = family.instance(seed)
            for name in missing:
                run_cell(family, name, seed, instance)
    print(f"{family.panel}, {family.name}", flush=True)


def run_cell(family: Family, name: str, seed: int, instance: Instance) -> None:
    """Write one cell; a failure is shown and does not stop the others."""
    first = path_of(family, name, 0)
    if family.fixed and first.exists() and not draws(name):
        write_text(path_of(family, name, seed), first.read_text())
    elif is_for(name, instance):
        try:
            outcome = outcome_of(name, instance, family.selector_seed(seed))
        except InvalidExperiment:
            return  # not for such contexts
        except Exception:
            print(f"{family.folder} {name} {seed} failed:\n{traceback.format_exc()}", flush=True)
            return
        curves = {"random": instance.random.tolist(), "oracle": instance.oracle.tolist()}
        cell = Cell(**asdict(outcome), **curves)
        write_text(path_of(family, name, seed), json.dumps(asdict(cell)))
