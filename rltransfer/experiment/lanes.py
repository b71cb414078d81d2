"""A selector's sequence of sources, replayed over what has been trained so far.

Selectors are pure functions of the transfer matrix, and a policy depends only on the run's seed,
its context, and the sources that it was trained from (see `keys`). So no selector state is
stored: a lane is replayed from its beginning over the pool of committed sources, and stops at the
first source that is not in the pool. Lanes share the pool, and what one has trained is free for
the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord
from rltransfer.runs.ledger import Entry
from rltransfer.selection import Proposal, SourceTaskSelector
from rltransfer.transfer import TransferMatrix

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Lane", "LaneState", "make_lanes"]


@dataclass(frozen=True)
class Lane:
    """One selector and the number of sources it may pick.

    Attributes:
        name: the selector's name.
        selector: proposes the next source.
        empty: the transfer matrix before the first source.
        rounds: how many sources it picks.
        inherits: whether each source is trained from those before it.
    """

    name: str
    selector: SourceTaskSelector
    empty: TransferMatrix
    rounds: int
    inherits: bool = False

    def replay(self, pool: Mapping[str, SourceRecord]) -> LaneState:
        """Go through the lane's picks as far as the pool of trained sources reaches."""
        state = LaneState(self, self.empty, (), (), None)
        while len(state.picks) < self.rounds:
            proposal = self.selector.propose(state.transfer)
            lineage = Lineage(proposal.context, state.keys if self.inherits else ())
            record = pool.get(lineage.key)
            if record is None:
                return replace(state, wanted=proposal)
            state = LaneState(
                self,
                state.transfer.learn(proposal.context, record.returns),
                (*state.picks, proposal),
                (*state.keys, lineage.key),
                None,
            )
        return state


@dataclass(frozen=True)
class LaneState:
    """How far a lane has come.

    Attributes:
        lane: the lane.
        transfer: what its picks have shown.
        picks: the proposals that are trained, in order.
        keys: of their policies.
        wanted: the next pick, not trained yet; None when the lane is finished.
    """

    lane: Lane
    transfer: TransferMatrix
    picks: tuple[Proposal, ...]
    keys: tuple[str, ...]
    wanted: Proposal | None

    @property
    def next(self) -> Lineage | None:
        """The next source and what it is trained from; None when the lane is finished."""
        if self.wanted is None:
            return None
        return Lineage(self.wanted.context, self.keys if self.lane.inherits else ())

    @property
    def remaining(self) -> int:
        """Picks still to be trained, if no other lane trains them first."""
        return self.lane.rounds - len(self.picks)

    def entry(self, k: int, pool: Mapping[str, SourceRecord]) -> Entry:
        """Return what the ledger shows of the pick in round k (from 0)."""
        pick, curve = self.picks[k], self.transfer.coverage_curve()
        record = pool[self.keys[k]]
        value, gain = float(curve[k]), float(curve[k] - (curve[k - 1] if k else 0.0))
        own = float(self.transfer.set_points[k])
        outcome = (
            f"Return on its own context {own:.1f}; V is now {value:.1f}, "
            f"{gain:+.1f} by this source."
        )
        return Entry(
            context=pick.context,
            value=value,
            gain=gain,
            own=own,
            returns=tuple(float(j) for j in self.transfer.mean[k]),
            curve=record.curve,
            note=f"**Why:** {pick.reason}\n\n**Outcome:** {outcome}",
            steps=record.steps,
            seconds=record.seconds,
        )

    def entries(self, pool: Mapping[str, SourceRecord]) -> Sequence[Entry]:
        """Return what the ledger shows of all picks so far."""
        return [self.entry(k, pool) for k in range(len(self.picks))]


def make_lanes(experiment: Experiment, seed: int) -> tuple[Lane, ...]:
    """Build the lanes of a run: the experiment's own selector first."""
    empty, rounds = experiment.nothing_trained(), experiment.selection.rounds
    selectors = experiment.selectors(seed).items()
    inherits = experiment.inherits
    return tuple(Lane(name, selector, empty, rounds, inherits) for name, selector in selectors)
