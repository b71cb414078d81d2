"""Agents on lanes: rows of a batch, each driving one automated vehicle after another.

Notation
    n    rows, which are agents
    R    roads, at most n
    o    numbers in an observation

See the package's docstring for how agents share roads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.base import ContextBatch, Transition
from rltransfer.envs.simulators.lane.demand import Demand
from rltransfer.envs.simulators.lane.options import LaneOptions
from rltransfer.envs.simulators.lane.roads import Roads
from rltransfer.envs.simulators.lane.sharing import Sharing
from rltransfer.envs.simulators.lane.sight import ACTIONS, OBSERVATIONS, rewards
from rltransfer.envs.simulators.lane.spotting import sights
from rltransfer.envs.simulators.lane.traffic import NOBODY, Moves

__all__ = ["LaneBatch"]

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]

SEED_HIGH = 2**31
OVER, WAITING, DRIVING = range(3)


class LaneBatch(ContextBatch):
    """n agents on at most n roads.

    The state that a reset takes is a seed. A road takes that of its first row, when it begins.

    Args:
        contexts: n complete contexts; rows with the same one share roads.
        options: of the family.
    """

    def __init__(
        self, contexts: Sequence[Mapping[str, float]], options: LaneOptions | None = None
    ) -> None:
        self.observation_space, self.action_space = OBSERVATIONS, ACTIONS
        self.options = options or LaneOptions()
        n = len(contexts)
        self.roads, self._sharing = Roads(n), Sharing(n, self.options.slots)
        self._status = np.full(n, OVER)
        self._seeds: list[int | None] = [None] * n  # of each road
        self._demands = np.zeros(n, dtype=np.int64)  # how many each road has had
        self._opening = np.zeros(n, dtype=np.int64)  # of each road, in steps
        self.assign(np.arange(n), contexts)

    def __len__(self) -> int:
        return len(self._status)

    def assign(self, rows: Rows, contexts: Sequence[Mapping[str, float]]) -> None:
        """Give some rows new contexts; those whose context changes move to other roads."""
        for row, context in zip(rows.tolist(), contexts, strict=True):
            if not self._sharing.is_on(row, context):
                self._leave_car(np.array([row]))
                road, is_new = self._sharing.place(row, context)
                if is_new:
                    self._seeds[road] = None

    def keep(self, rows: Rows) -> None:
        """Drop all rows but some; the vehicles of the others go on alone."""
        self._leave_car(np.setdiff1d(np.arange(len(self)), rows))
        self.roads.traffic.renumber(rows)
        self._sharing.keep(rows)
        self._status = self._status[rows]

    def _leave_car(self, rows: Rows) -> None:
        for row in rows[self._status[rows] == DRIVING].tolist():
            self.roads.traffic.release(int(self._sharing.road[row]), row)
        self._status[rows] = OVER

    # -- episodes ------------------------------------------------------------------------------

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw the seeds of successive episodes, shape (episodes, 1)."""
        seeds = [rng.integers(SEED_HIGH) for _ in range(episodes)]
        return np.array(seeds, dtype=np.float64)[:, None]

    def reset(self, rows: Rows, states: Floats) -> NDArray[np.float32]:
        """Let rows wait for a vehicle; roads begin with one slot, or with all rows together."""
        self._leave_car(rows)
        self._status[rows] = WAITING
        anew = self.options.slots == 1 or len(rows) == len(self)
        roads, first = np.unique(self._sharing.road[rows], return_index=True)
        for road, at in zip(roads.tolist(), first.tolist(), strict=True):
            if anew or self._seeds[road] is None:
                self._begin(road, int(states[at, 0]))
        self._seek()
        return self._observations()[rows]

    def _begin(self, road: int, seed: int) -> None:
        """Begin a road's first demand, whose vehicles are given to agents from a random time on."""
        self._seeds[road], self._demands[road] = seed, 0
        self._opening[road] = self.options.opening(seed)
        self._empty(road)

    def _begin_again(self, road: int) -> None:
        """Begin a road's next demand."""
        self._demands[road] += 1
        self._opening[road] = self.options.warm_up
        self._empty(road)

    def _empty(self, road: int) -> None:
        seed, context = self._seeds[road], self._sharing.context(road)
        assert seed is not None, "a road begins with a seed"
        self.roads.empty(road, context, Demand(context, seed, int(self._demands[road])))

    def step(self, actions: NDArray[Any]) -> Transition:
        """Move the roads on which agents drive."""
        paid = np.zeros(len(self))
        roads = np.flatnonzero(self._has(DRIVING))
        moves = self._advance(roads, actions[:, 0].astype(np.float64))
        paid[moves.pilots] = rewards(moves.before, moves.after)
        self._seek()
        return Transition(self._observations(), paid, self._status == OVER)

    def _advance(self, roads: Rows, accelerations: Floats) -> Moves:
        """Move some roads by one step and let in who comes."""
        moves, arrived = self.roads.step(roads, accelerations)
        self._status[arrived] = OVER
        for road in self.roads.admissible(roads):
            self.roads.admit(road, self._pilot(road))
        self.roads.tick(roads)
        return moves

    def _pilot(self, road: int) -> int:
        """Find an agent for the vehicle that is about to enter."""
        is_open = self._opening[road] <= self.roads.now[road] < self.options.duration
        rows = self._sharing.rows(road)
        idle = rows[self._status[rows] == WAITING]
        if not (is_open and len(idle) and self.roads.arrival(road).automated):
            return NOBODY
        self._status[idle[0]] = DRIVING
        return int(idle[0])

    def _seek(self) -> None:
        """Pass the time on roads where agents wait and none drives, until a vehicle comes."""
        idle = np.zeros(len(self))
        while len(roads := np.flatnonzero(self._has(WAITING) & ~self._has(DRIVING))):
            self.roads.skip_emptiness(roads, until=self.options.duration)
            for road in roads[self.roads.now[roads] >= self.options.duration].tolist():
                self._begin_again(road)
            self._advance(roads, idle)

    def _has(self, status: int) -> NDArray[np.bool_]:
        """Return which roads have an agent in this state, shape (R,)."""
        has = np.zeros(len(self._seeds), dtype=np.bool_)
        has[self._sharing.road[self._status == status]] = True
        return has

    def _observations(self) -> NDArray[np.float32]:
        """Return what each agent sees, shape (n, o): zeros for those that do not drive."""
        seen = np.zeros((len(self), *OBSERVATIONS.shape), dtype=np.float32)
        pilots, sight = sights(self.roads, np.flatnonzero(self._has(DRIVING)))
        seen[pilots] = sight.numbers()
        return seen
