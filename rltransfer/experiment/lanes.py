"""A selector's sequence of sources, replayed over what has been trained so far.

Selectors are pure functions of the transfer matrix, and a policy depends only on the run's seed,
its context, and the sources that it was trained from (see `keys`). So no selector state is
stored: a lane is replayed from its beginning over the pool of committed sources, and stops at the
first source that is not in the pool. Lanes share the pool, and what one has trained is free for
the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.worth import expected_text, predictions, stop_text, worth_training
from rltransfer.runs import Failure, SourceRecord
from rltransfer.runs.ledger import Entry
from rltransfer.selection import Proposal, SourceTaskSelector
from rltransfer.selection.measuring import Measuring
from rltransfer.selection.serving import serve
from rltransfer.transfer import KnownRows, TransferMatrix

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NO_FAILURES", "Lane", "LaneState", "make_lanes"]

NO_FAILURES: Mapping[str, Failure] = MappingProxyType({})


@dataclass(frozen=True)
class Lane:
    """One selector and the number of sources it may pick.

    Attributes:
        name: the selector's name.
        selector: proposes the next source.
        empty: the transfer matrix before the first source.
        rounds: how many sources it picks, at most; one that fails counts.
        inherits: whether each source is trained from those before it.
        stop_gain: the least gain that is worth another source; see `worth`. None: all rounds.
        measuring: on which targets a policy is measured. None: all.
    """

    name: str
    selector: SourceTaskSelector
    empty: TransferMatrix
    rounds: int
    inherits: bool = False
    stop_gain: float | None = None
    measuring: Measuring | None = None

    def replay(
        self, pool: Mapping[str, SourceRecord], failures: Mapping[str, Failure] = NO_FAILURES
    ) -> LaneState:
        """Go through the lane's picks as far as trained sources, and failed ones, reach."""
        return LaneState(self, self.empty, (), ()).onward(pool, failures)


@dataclass(frozen=True)
class LaneState:
    """How far a lane has come.

    Attributes:
        lane: the lane.
        transfer: what its picks have shown.
        picks: the proposals that are trained, in order.
        keys: of their policies.
        failed: the proposals whose training or evaluation failed, in order; they have no row.
        failures: what became of these.
    """

    lane: Lane
    transfer: TransferMatrix
    picks: tuple[Proposal, ...]
    keys: tuple[str, ...]
    failed: tuple[Proposal, ...] = ()
    failures: tuple[Failure, ...] = ()

    def onward(
        self, pool: Mapping[str, SourceRecord], failures: Mapping[str, Failure]
    ) -> LaneState:
        """Go on from here as far as trained sources, and failed ones, reach."""
        state = self
        while (pick := state.wanted) is not None and (lineage := state.next) is not None:
            if lineage.key in pool:
                state = state.after(pick, pool[lineage.key])
            elif lineage.key in failures:
                state = state.without(pick, failures[lineage.key])
            else:
                break
        return state

    def after(self, pick: Proposal, record: SourceRecord) -> LaneState:
        """Return the state with one more source trained."""
        return replace(
            self,
            transfer=learned(self.transfer, pick.index, record),
            picks=(*self.picks, pick),
            keys=(*self.keys, record.key),
        )

    def without(self, pick: Proposal, failure: Failure) -> LaneState:
        """Return the state with one more source failed."""
        return replace(
            self,
            transfer=self.transfer.fail(pick.index),
            failed=(*self.failed, pick),
            failures=(*self.failures, failure),
        )

    @property
    def spent(self) -> int:
        """Rounds that are over."""
        return len(self.picks) + len(self.failed)

    @cached_property
    def following(self) -> Proposal | None:
        """What the selector would train next, whether it may or not; None if all are tried."""
        if len(self.transfer.tried) == len(self.transfer.sources):
            return None
        return self.lane.selector.propose(self.transfer)

    @property
    def stopped(self) -> str | None:
        """Why the lane ended before its last round, without a full stop; None if it did not."""
        rounds, planned, least = len(self.picks), self.lane.rounds, self.lane.stop_gain
        if least is None or not rounds or self.spent == planned or self.following is None:
            return None
        if worth_training(self.following, least):
            return None
        return stop_text(self.following, least, rounds, planned)

    @property
    def wanted(self) -> Proposal | None:
        """The next pick, not trained yet; None when the lane is finished."""
        if self.spent == self.lane.rounds or self.stopped is not None:
            return None
        return self.following

    @property
    def next(self) -> Lineage | None:
        """The next source and what it is trained from; None when the lane is finished."""
        if self.wanted is None:
            return None
        return Lineage(
            self.wanted.context, self.keys if self.lane.inherits else (), self.measured_next
        )

    @cached_property
    def measured_next(self) -> tuple[int, ...]:
        """The targets that the next policy is measured on; empty for all of them."""
        if self.lane.measuring is None or self.wanted is None:
            return ()
        return self.lane.measuring.choose(self.transfer, self.wanted.index)

    @cached_property
    def V(self) -> NDArray[np.float64]:
        """V after each round over all targets, forecast where nobody was measured, (k,)."""
        if self.transfer.complete:
            return self.transfer.coverage_curve()
        rounds = range(1, len(self.picks) + 1)
        return np.array([serve(self.transfer.after(k)).coverage for k in rounds])

    @property
    def remaining(self) -> int:
        """Picks still to be trained, at most, if no other lane trains them first."""
        return 0 if self.wanted is None else self.lane.rounds - self.spent

    @property
    def gains(self) -> tuple[float | None, ...]:
        """What each round has added to V; None where there was no V before it."""
        V = [self.lane.empty.coverage, *self.V.tolist()]
        steps = [after - before for before, after in pairwise(V)]
        return tuple(step if math.isfinite(step) else None for step in steps)

    def entry(self, k: int, pool: Mapping[str, SourceRecord]) -> Entry:
        """Return what the ledger shows of the pick in round k (from 0)."""
        pick, record = self.picks[k], pool[self.keys[k]]
        value, won = float(self.V[k]), self.gains[k]
        gain = value if won is None else won
        own = float(self.transfer.set_points[k])
        outcome = (
            f"Return on its own context {own:.1f}; V is now {value:.1f}, "
            f"{gain:+.1f} by this source{expected_text(pick)}."
        )
        return Entry(
            context=pick.context,
            value=value,
            gain=gain,
            own=own,
            returns=tuple(None if np.isnan(j) else float(j) for j in self.transfer.mean[k]),
            predicted=predictions(pick),
            curve=record.curve,
            note=f"**Why:** {pick.reason}\n\n**Outcome:** {outcome}",
            steps=record.steps,
            seconds=record.seconds,
            key=record.key,
        )

    def entries(self, pool: Mapping[str, SourceRecord]) -> Sequence[Entry]:
        """Return what the ledger shows of all picks so far."""
        return [self.entry(k, pool) for k in range(len(self.picks))]


def learned(transfer: TransferMatrix, source: int, record: SourceRecord) -> TransferMatrix:
    """Return what is known after one more source: what its committed record says was measured."""
    if record.measured.all():
        return transfer.learn(source, record.returns)
    targets = np.flatnonzero(record.measured)
    return transfer.learn(source, record.returns[targets], measured=targets)


def make_lanes(
    experiment: Experiment, seed: int, known: KnownRows | None = None
) -> tuple[Lane, ...]:
    """Build the lanes of a run: the experiment's own selector first.

    Args:
        experiment: the study.
        seed: of the run.
        known: what policies from elsewhere return; nothing by default.
    """
    empty, said = experiment.nothing_trained(known), experiment.selection
    stops = {said.selector: said.stop_gain}
    return tuple(
        Lane(
            name=name,
            selector=selector,
            empty=empty,
            rounds=said.rounds,
            inherits=experiment.inherits,
            stop_gain=stops.get(name),
            measuring=experiment.measuring,
        )
        for name, selector in experiment.selectors(seed).items()
    )
