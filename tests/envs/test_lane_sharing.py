"""Agents that share a road: whom they drive, how they meet, and that no vehicle is lost."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from itertools import islice

import numpy as np
import pytest

from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.simulators.lane import LaneBatch
from rltransfer.envs.simulators.lane.batch import DRIVING, WAITING
from rltransfer.envs.simulators.lane.demand import Demand
from rltransfer.envs.simulators.lane.options import LaneOptions
from rltransfer.envs.simulators.lane.traffic import NOBODY, PILOT, POSITION
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.evaluation import evaluate

DEFAULT = dict(make("eco_driving").space.default)
BUSY = {**DEFAULT, "penetration": 1.0, "inflow": 600.0}
FULL_SPEED, BRAKE = 2.6, -4.5


EARLY = next(seed for seed in range(1000) if LaneOptions().opening(seed) < 100)


def batch_of(n: int, slots: int, context: Mapping[str, float] = BUSY) -> LaneBatch:
    """Return n agents that have just been reset, on roads whose demand is young."""
    batch = LaneBatch([context] * n, LaneOptions(slots=slots))
    batch.reset(np.arange(n), np.full((n, 1), EARLY))
    return batch


def drive_until(batch: LaneBatch, count: int, acceleration: float) -> None:
    """Make steps until some agents drive on the first road."""
    for _ in range(300):
        if len(pilots(batch)) == count:
            return
        drive(batch, acceleration)
    raise AssertionError(f"{count} agents never drove at a time")


def drive(batch: LaneBatch, acceleration: float = FULL_SPEED) -> np.ndarray:
    """Make a step; return whose trip is over."""
    return batch.step(np.full((len(batch), 1), acceleration)).terminated


def again(batch: LaneBatch, rows: np.ndarray) -> np.ndarray:
    """Reset some rows; return what they see."""
    return batch.reset(rows, np.full((len(rows), 1), 99.0))


def pilots(batch: LaneBatch) -> list[int]:
    """Return who drives on the first road, foremost first."""
    cells = batch.roads.traffic.cells(np.arange(1))[PILOT, 0, : batch.roads.traffic.counts[0]]
    return [int(pilot) for pilot in cells if pilot != NOBODY]


def test_rows_in_one_context_share_roads() -> None:
    other = {**BUSY, "green": 20.0}
    batch = LaneBatch([BUSY] * 5 + [other] * 2 + [BUSY], LaneOptions(slots=3))
    assert batch._sharing.road.tolist() == [0, 0, 0, 1, 1, 2, 2, 1]


def test_agents_take_vehicles_one_after_the_other() -> None:
    batch = batch_of(3, slots=3)
    assert pilots(batch) == [0]
    assert batch._status.tolist() == [DRIVING, WAITING, WAITING]
    drive_until(batch, 3, 0.0)
    assert pilots(batch) == [0, 1, 2]


def test_who_waits_sees_and_earns_nothing_and_does_nothing() -> None:
    batch, twin = batch_of(2, slots=2), batch_of(2, slots=2)
    for _ in range(5):
        assert batch._status.tolist() == [DRIVING, WAITING]
        step = batch.step(np.array([[1.0], [FULL_SPEED]]))
        other = twin.step(np.array([[1.0], [BRAKE]]))
        assert not step.observations[1].any()
        assert step.rewards[1] == 0.0
        assert np.array_equal(step.observations, other.observations)


def test_agents_see_and_hinder_each_other() -> None:
    batch = batch_of(2, slots=2)
    drive_until(batch, 2, 0.5)
    for _ in range(200):
        step = batch.step(np.array([[BRAKE], [FULL_SPEED]]))  # the first stops, the second wants on
    assert step.observations[:, 0].max() < 0.01
    assert step.observations[0, 11] == step.observations[1, 9] < 0.02, "the same gap from both ends"
    for _ in range(10):
        step = batch.step(np.full((2, 1), FULL_SPEED))
    assert step.observations[:, 0].min() > 0.1


def test_every_trip_is_driven_to_its_end() -> None:
    """No vehicle of an agent is lost, and no end is told twice."""
    batch, began, ended = batch_of(4, slots=4), 0, 0
    drove = np.zeros(4, dtype=np.bool_)
    for _ in range(700):
        drives = batch._status == DRIVING
        assert sorted(pilots(batch)) == np.flatnonzero(drives).tolist()
        began += int((drives & ~drove).sum())
        over = drive(batch)
        assert not (over & ~drives).any(), "only who drove can arrive"
        ended += int(over.sum())
        drove = drives & ~over
        if over.any():
            again(batch, np.flatnonzero(over))
    assert ended > 10
    assert began == ended + drove.sum()


def test_automated_vehicles_without_an_agent_drive_on_their_own() -> None:
    batch = batch_of(1, slots=1)
    for _ in range(40):
        drive(batch, 0.0)
    assert batch.roads.traffic.counts[0] > 1
    assert pilots(batch) == [0]


def test_vehicles_come_in_the_order_of_the_demand() -> None:
    batch = batch_of(1, slots=1)
    road, arrivals = batch.roads, islice(Demand(BUSY, EARLY), 400)
    entered = [a for a in arrivals if a.time <= (road.now[0] - 1) * 0.5]
    on_road = road.traffic.counts[0]
    assert road.arrival(0).time > entered[-1].time
    assert 0 < on_road <= len(entered)


def test_a_row_that_is_reset_alone_waits_while_others_drive_on() -> None:
    batch = batch_of(2, slots=2)
    drive_until(batch, 2, 0.5)
    before = batch.roads.now[0]
    assert not again(batch, np.array([0])).any()
    assert batch.roads.now[0] == before
    assert pilots(batch) == [1]
    assert batch.roads.traffic.counts[0] >= 2, "the vehicle it drove is still there"


def test_where_rows_wait_and_none_drives_time_passes_at_once() -> None:
    batch = batch_of(2, slots=2, context={**DEFAULT, "penetration": 0.1})
    while not drive(batch)[0]:
        assert batch._status[1] == WAITING or batch._status[1] == DRIVING
    assert DRIVING in batch._status.tolist()


def test_a_demand_ends_when_nobody_drives_any_more() -> None:
    batch = LaneBatch([BUSY] * 2, LaneOptions(slots=2, duration=200))
    again(batch, np.arange(2))
    for _ in range(900):
        before, demand = batch.roads.now[0], batch._demands[0]
        over = drive(batch)
        if over.any():
            again(batch, np.flatnonzero(over))
        if batch.roads.now[0] < before:
            break
    assert before >= batch.options.duration
    assert batch._demands[0] > demand
    assert pilots(batch) == [0] or pilots(batch) == [1]


def test_one_slot_begins_anew_and_more_slots_only_all_together() -> None:
    alone, shared = batch_of(2, slots=1), batch_of(2, slots=2)
    for batch in (alone, shared):
        for _ in range(10):
            drive(batch)
    first, now = alone.roads.now[0], shared.roads.now[0]
    again(alone, np.array([1]))
    again(shared, np.array([1]))
    assert alone.roads.now[0] == first, "the other road is another's"
    assert shared.roads.now[0] == now
    assert alone._seeds[1] == 99
    assert shared._seeds[0] == EARLY
    again(shared, np.arange(2))
    assert shared._seeds[0] == 99


def test_the_seed_of_the_first_row_decides_a_road() -> None:
    seeds = [np.array([[5.0], [6.0]]), np.array([[5.0], [7.0]]), np.array([[6.0], [6.0]])]
    seen = []
    for states in seeds:
        batch = LaneBatch([BUSY] * 2, LaneOptions(slots=2))
        batch.reset(np.arange(2), states)
        seen.append([drive(batch) is None or batch._observations() for _ in range(60)][-1])
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])


def test_a_row_with_another_context_leaves_its_road() -> None:
    batch, other = batch_of(3, slots=3), {**BUSY, "speed_limit": 20.0}
    drive_until(batch, 2, 0.5)
    batch.assign(np.array([0]), [other])
    assert batch._sharing.road.tolist() == [1, 0, 0]
    assert pilots(batch) == [1]
    again(batch, np.array([0]))
    drive(batch)
    assert batch.roads.traffic.limits[batch._sharing.road].tolist() == [20.0, 14.0, 14.0]
    batch.assign(np.array([0]), [BUSY])
    assert batch._sharing.road.tolist() == [0, 0, 0], "it finds its place again"


def test_dropped_rows_leave_their_vehicles_to_themselves() -> None:
    batch, whole = batch_of(4, slots=2), batch_of(4, slots=2)
    kept = np.array([3, 1])
    for _ in range(60):
        drive(batch, 1.0)
        drive(whole, 1.0)
    batch.keep(kept)
    assert len(batch) == 2
    assert np.array_equal(batch._observations(), whole._observations()[kept])
    x = batch.roads.traffic.cells(np.arange(2))[POSITION]
    for _ in range(10):
        drive(batch, 1.0)
    assert (batch.roads.traffic.cells(np.arange(2))[POSITION].sum(axis=1) > x.sum(axis=1)).all()
    batch.keep(np.arange(0))
    assert len(batch) == 0


@pytest.mark.parametrize("slots", [1, 3])
def test_vector_environments_and_evaluation_work(slots: int) -> None:
    family = make("eco_driving")
    env = ContextualEnv(dataclasses.replace(family.spec, options={"slots": slots}))
    vector = ContextVecEnv(env, [BUSY] * 6, next_context=lambda row: {**BUSY, "green": 20.0 + row})
    vector.seed(3)
    vector.reset()
    ends = 0
    for _ in range(200):
        _, rewards, _, infos = vector.step(np.full((6, 1), FULL_SPEED, dtype=np.float32))
        ends += sum("episode" in info for info in infos)
        assert np.isfinite(rewards).all()
    assert ends >= 6
    returns = evaluate(FullSpeed(), env, [BUSY, DEFAULT], 5, seed=1)
    assert returns.returns.shape == (2, 5)
    assert (returns.lengths > 40).all()


class FullSpeed:
    """Drives as fast as SUMO lets it, which is as the IDM does."""

    observe = ()

    def act(self, observations: np.ndarray) -> np.ndarray:
        return np.full((len(observations), 1), FULL_SPEED, dtype=np.float32)
