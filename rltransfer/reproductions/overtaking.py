"""Selectors on one known matrix, and at how many sources each reference is overtaken.

The notation is that of `choosing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidExperiment
from rltransfer.reproductions.measurements import Curve, Measurements, Picture, estimated
from rltransfer.selection.playback import Contest
from rltransfer.transfer import TransferMatrix
from rltransfer.transfer.files import CompleteMatrix

__all__ = ["Race", "first_above"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Race:
    """All selectors on one seed's matrix.

    Attributes:
        J: returns, shape (N, N), 0 to 1.
        untrained: the contexts.
        multi_task: what one policy of all contexts returns, 0 to 1.
        rounds: K.
        seed: for selectors that draw at random.
        published: the publication's own selector.
        others: those it is compared with.
    """

    J: Array
    untrained: TransferMatrix
    multi_task: float
    rounds: int
    seed: int
    published: str
    others: tuple[str, ...]

    @cached_property
    def contest(self) -> Contest:
        """The same conditions for all."""
        labels = tuple(source.label for source in self.untrained.sources)
        truth = CompleteMatrix(self.untrained, self.J, labels)
        return Contest(truth, self.rounds, self.seed, (0.0, 1.0))

    @cached_property
    def curves(self) -> dict[str, Array]:
        """V_k by name, each of shape (K,)."""
        played: dict[str, Array] = {}
        for name in dict.fromkeys([self.published, *self.others]):
            played[name] = self.play(name)
        return {**played, "random": self.contest.random, "oracle": self.contest.oracle.V}

    def play(self, name: str) -> Array:
        """Return V_k of a selector.

        Raises:
            InvalidExperiment: if it cannot work on these contexts.
        """
        try:
            return self.contest.play(name).V
        except InvalidExperiment as error:
            raise InvalidExperiment(f"the selector {name!r} cannot be compared: {error}") from None

    @cached_property
    def levels(self) -> dict[str, float]:
        """What does not depend on k, by name."""
        return {"independent": float(np.diag(self.J).mean()), "multi-task": self.multi_task}

    @property
    def gap(self) -> float:
        """What is lost by going from a source to another target, on average."""
        N = len(self.J)
        losses = np.diag(self.J)[:, None] - self.J
        return float(losses.sum() / (N * (N - 1)))

    def numbers(self) -> dict[str, float]:
        """Return every quantity of this seed that always has a value."""
        picked = {f"{name}@{k + 1}": float(v) for name, V in self.curves.items()
                  for k, v in enumerate(V)}  # fmt: skip
        last = {f"{name}@K": float(V[-1]) for name, V in self.curves.items()}
        return {**picked, **last, **self.levels, "gap": self.gap}

    @classmethod
    def summary(
        cls, races: Sequence[Race], facts: Mapping[str, Any], rng: np.random.Generator
    ) -> Measurements:
        """Put all seeds together."""
        numbers = estimated([race.numbers() for race in races], rng)
        curves = {name: np.mean([race.curves[name] for race in races], axis=0)
                  for name in races[0].curves}  # fmt: skip
        levels = {name: numbers[name].value for name in races[0].levels}
        taken, missing = overtaken(curves, levels, races[0].published, len(races[0].J))
        k = tuple(map(float, range(1, races[0].rounds + 1)))
        picture = Picture(
            x_label="number of trained sources",
            y_label="V, mean return over all targets (normalised)",
            curves={name: Curve(k, tuple(V.tolist())) for name, V in curves.items()},
            levels=levels,
        )
        found = {**numbers, **estimated([taken], rng)}
        said = (overtaking_text(races[0].published, taken), gap_text(numbers["gap"].value))
        return Measurements(found, picture, missing, facts, said)


def overtaken(
    curves: Mapping[str, Array], levels: Mapping[str, float], published: str, N: int
) -> tuple[dict[str, float], dict[str, str]]:
    """Return at which k the published selector is above each reference, and which it never is.

    A curve counts as overtaken where the selector is above its last point.
    """
    own = curves[published]
    ends = {name: float(V[-1]) for name, V in curves.items() if name != published}
    first = {name: first_above(own, goal) for name, goal in {**levels, **ends}.items()}
    never = f"never within {len(own)} sources"
    found = {f"k.{name}": float(k) for name, k in first.items() if k is not None}
    missing = {f"k.{name}": never for name, k in first.items() if k is None}
    both = [first[name] for name in levels]
    reached = [k for k in both if k is not None]
    if len(reached) == len(both):
        found |= {"k.both": float(max(reached)), "speed-up": N / max(reached)}
    else:
        why = f"{published} is {never} above both independent and multi-task"
        missing |= {"k.both": why, "speed-up": why}
    return found, missing


def overtaking_text(published: str, taken: Mapping[str, float]) -> str:
    """Say from how many sources on the selector is above which reference."""
    told = [f"{name.removeprefix('k.')} from {k:g} on" for name, k in taken.items()
            if name.startswith("k.") and name != "k.both"]  # fmt: skip
    if not told:
        return f"With no number of sources is {published} above a reference's last point."
    speed = f"; a speed-up of {taken['speed-up']:.3g}" if "speed-up" in taken else ""
    return f"Sources with which {published} is above a reference: {', '.join(told)}{speed}."


def gap_text(gap: float) -> str:
    """Say what is lost between two contexts."""
    return f"A policy loses {gap:.3f} on average from its own context to another one."


def first_above(V: Array, goal: float) -> int | None:
    """Return the first k, from 1, at which a curve is above a goal; None if it never is."""
    above = np.flatnonzero(goal < V)
    return int(above[0]) + 1 if len(above) else None
