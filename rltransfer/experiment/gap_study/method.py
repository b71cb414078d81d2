"""A method in a gap study: its trainings, each one policy or several that share the contexts.

Notation
    S, M, E     trainings (seeds), contexts, episodes
    K           policies of one training; every context is served by the best of them
    J           returns of who serves, shape (S, M, E)
    s           set points of who serves, shape (S, M, E): its returns at home
    ΔJ = s - J  generalization gaps, shape (S, M, E)                (MBTL, Cho et al. 2024)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.experiment.gap_study.row import PolicyRow

__all__ = ["PARTS", "Method", "Part", "Training"]

Array = NDArray[np.float64]
Part = int

PARTS = ("train", "interpolation", "extrapolation")
"""By number: where training was, inside of its range, and outside."""

UNKNOWN: Part = -1
"""The part of a context where nothing is known of the training."""


@dataclass(frozen=True, eq=False)
class Training:
    """What one training (a seed) has left.

    Attributes:
        seed: what tells it from the method's others.
        rows: its K policies, measured on the same contexts.
    """

    seed: int
    rows: tuple[PolicyRow, ...]

    @cached_property
    def servers(self) -> NDArray[np.intp]:
        """Which policy returns most in each context, shape (M,); ties: the first."""
        return np.asarray(np.argmax([row.mean for row in self.rows], axis=0))

    @cached_property
    def served(self) -> Array:
        """J, shape (M, E)."""
        return chosen([row.returns for row in self.rows], self.servers)

    @cached_property
    def gaps(self) -> Array:
        """ΔJ, shape (M, E); NaN where the home of who serves is not known."""
        return chosen([row.gaps for row in self.rows], self.servers)

    @property
    def home(self) -> tuple[Context, ...]:
        """All contexts that one of its policies was trained in; none if one is not known."""
        if not all(row.home for row in self.rows):
            return ()
        return tuple(dict.fromkeys(x for row in self.rows for x in row.home))

    @cached_property
    def at_home(self) -> Array:
        """Returns of every policy at its own home, averaged, shape (E,); NaN if not known."""
        return np.asarray(np.mean([row.at_home for row in self.rows], axis=0))

    def parts(self, space: ContextSpace, targets: Sequence[Context]) -> NDArray[np.int8]:
        """Divide targets by this training's own contexts: shape (M,), numbers of `PARTS`.

        What lies within the range of the training contexts in every feature is interpolation.
        """
        if not self.home:
            return np.full(len(targets), UNKNOWN, dtype=np.int8)
        U, Y = space.to_unit(self.home), space.to_unit(targets)
        inside = ((U.min(axis=0) <= Y) & (U.max(axis=0) >= Y)).all(axis=1)
        trained = np.array([y in self.home for y in targets])
        return np.where(trained, 0, np.where(inside, 1, 2)).astype(np.int8)


@dataclass(frozen=True, eq=False)
class Method:
    """A method by name, with its trainings.

    Attributes:
        name: what tables call it.
        trainings: at least one, in order.
    """

    name: str
    trainings: tuple[Training, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The trainings by number."""
        return tuple(training.seed for training in self.trainings)

    @property
    def rows(self) -> tuple[PolicyRow, ...]:
        """Every policy of every training."""
        return tuple(row for training in self.trainings for row in training.rows)

    @cached_property
    def returns(self) -> Array:
        """J, shape (S, M, E)."""
        return np.stack([training.served for training in self.trainings])

    @cached_property
    def gaps(self) -> Array:
        """ΔJ, shape (S, M, E)."""
        return np.stack([training.gaps for training in self.trainings])

    @property
    def mean(self) -> Array:
        """The mean return in each context, shape (M,)."""
        return np.asarray(self.returns.mean(axis=(0, 2)))

    @property
    def at_home(self) -> Array:
        """Returns at home, shape (S, E)."""
        return np.stack([training.at_home for training in self.trainings])

    @property
    def knows_home(self) -> bool:
        """Whether every policy's training contexts are known, so that there are gaps."""
        return bool(np.isfinite(self.gaps).all())


def chosen(tables: Sequence[Array], which: NDArray[np.intp]) -> Array:
    """Return, for each context, the row of one of K tables (M, E)."""
    return np.asarray(np.stack(tables)[which, np.arange(len(which))])
