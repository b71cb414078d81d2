"""Who takes part in a gap study, before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.errors import InvalidExperiment
from rltransfer.evaluation import Actor
from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.method import Method, Training
from rltransfer.experiment.gap_study.row import PolicyRow, measured_row

__all__ = ["Candidate", "Contender", "FunctionActor"]


@dataclass(frozen=True)
class FunctionActor:
    """A function from observations (n, o) to actions, (n,) or (n, a), as a policy.

    Attributes:
        function: the function.
        observe: the context features that it expects at the end of its observations.
    """

    function: Callable[[NDArray[Any]], Any]
    observe: tuple[str, ...] = ()

    def act(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Return the function's actions."""
        return np.asarray(self.function(observations))


@dataclass(frozen=True, eq=False)
class Candidate:
    """One policy.

    Attributes:
        name: of the policy.
        home: the complete contexts that it was trained in; none where that is not known.
        load: returns what acts; raises `InvalidPolicy` if that cannot be read.
        recorded: what it returned where its run has measured it; None for others.
    """

    name: str
    home: tuple[Context, ...]
    load: Callable[[], Actor]
    recorded: PolicyRow | None = None

    def row(self, ground: Ground, episodes: int, seed: int) -> PolicyRow:
        """Measure the policy."""
        return measured_row(
            self.name, self.load(), self.home, ground.env, ground.targets, episodes, seed
        )


@dataclass(frozen=True, eq=False)
class Contender:
    """A method: the policies of each of its trainings.

    Attributes:
        name: what tables call it.
        seeds: what tells its trainings apart, in order.
        trainings: the policies of each; every context is served by the best of them.
    """

    name: str
    seeds: tuple[int, ...]
    trainings: tuple[tuple[Candidate, ...], ...]

    @classmethod
    def alike(cls, name: str, candidates: Iterable[Candidate]) -> Contender:
        """Return a method of one policy for each training."""
        trainings = tuple((candidate,) for candidate in candidates)
        return cls(name, tuple(range(len(trainings))), trainings)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every policy of every training."""
        return tuple(candidate for training in self.trainings for candidate in training)

    @property
    def homes(self) -> tuple[Context, ...]:
        """All contexts that one of its policies was trained in."""
        return tuple(dict.fromkeys(x for candidate in self.candidates for x in candidate.home))

    @property
    def is_recorded(self) -> bool:
        """Whether a run has measured all policies."""
        return all(candidate.recorded is not None for candidate in self.candidates)

    def at_home_in(self, home: tuple[Context, ...]) -> Contender:
        """Return the method with a home for those policies whose home is not known."""
        trainings = tuple(
            tuple(c if c.home else replace(c, home=home) for c in training)
            for training in self.trainings
        )
        return replace(self, trainings=trainings)

    def measured(self, ground: Ground, episodes: int, seed: int) -> Method:
        """Measure every policy; the episodes of a context start alike for all."""
        return self._method(lambda candidate: candidate.row(ground, episodes, seed))

    def as_recorded(self) -> Method:
        """Return what its run has measured.

        Raises:
            InvalidExperiment: if a policy was measured in some contexts only.
        """
        return self._method(recorded_row)

    def _method(self, row: Callable[[Candidate], PolicyRow]) -> Method:
        trainings = [
            Training(seed, tuple(map(row, candidates)))
            for seed, candidates in zip(self.seeds, self.trainings, strict=True)
        ]
        return Method(self.name, tuple(trainings))


def recorded_row(candidate: Candidate) -> PolicyRow:
    """Return what a run has measured of a policy, if that is everything."""
    row = candidate.recorded
    if row is None or np.isnan(row.returns).any():
        raise InvalidExperiment(
            f"{candidate.name} was measured in some contexts of its run only. Say which contexts "
            "to measure it in anew, such as with --vary and --targets."
        )
    return row
