"""Hours and cost against a schedule played out by hand."""

import heapq
import math

import pytest

from rltransfer.experiment.planning import Range, Rates, Workload, make_plan
from rltransfer.experiment.planning.estimate import START

HOUR = 3600.0
ONE = Rates(Range(1e-3, 1e-3), Range(0.0, 0.0), Range(10.0, 10.0), "an exact machine")


def workload(lanes=1, rounds=5, many=0, seeds=1, steps=3_600_000):
    return Workload(
        seeds=seeds, rounds=rounds, singles=(rounds, lanes * rounds), many=many, known=0,
        steps=steps, targets=9, everywhere=9, episodes=1, horizon=10,
    )  # fmt: skip


def played(lanes, rounds, workers):
    """Return hours when each lane's hour-long trainings follow each other, and workers are few."""
    free, ready = [0.0] * workers, [(0.0, k) for k in range(lanes)]
    left, end = dict.fromkeys(range(lanes), rounds), 0.0
    while ready:
        begun, lane = heapq.heappop(ready)
        end_of = max(begun, heapq.heappop(free)) + 1.0
        heapq.heappush(free, end_of)
        left[lane] -= 1
        end = max(end, end_of)
        if left[lane]:
            heapq.heappush(ready, (end_of, lane))
    return end


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("lanes", [1, 4, 9])
def test_hours_hold_the_schedule_that_is_played_out(lanes, workers):
    (seat,) = make_plan(workload(lanes), ONE, [("dask", workers)]).seats
    truth = played(lanes, 5, workers)
    assert seat.hours.low - START.low / HOUR <= truth <= seat.hours.high + 1e-9


def test_one_worker_takes_the_whole_work():
    plan = make_plan(workload(seeds=3), ONE, [("local", 1)])
    assert plan.work == pytest.approx(Range(15.0, 15.0))
    assert plan.seats[0].hours.high == pytest.approx(15.0 + 3 * START.high / HOUR)


def test_more_workers_than_lanes_are_of_no_use():
    assert make_plan(workload(lanes=1), ONE, []).useful == 1
    assert make_plan(workload(lanes=4), ONE, []).useful == 4
    assert make_plan(workload(lanes=4, many=1), ONE, []).useful == 5


def test_a_queue_is_paid_by_the_job_and_workers_by_the_hour():
    dask, slurm = make_plan(workload(lanes=2), ONE, [("dask", 10), ("slurm", 10)], price=2.0).seats
    assert dask.core_hours.low == pytest.approx(10 * dask.hours.low)
    assert slurm.core_hours.high == pytest.approx(10.0 + 10 * START.high / HOUR)
    assert slurm.cost == pytest.approx(slurm.core_hours.times(2.0))
    assert make_plan(workload(), ONE, [("local", 1)]).seats[0].cost is None


def test_evaluations_take_from_the_episodes_seen_to_whole_ones():
    rates = Rates(Range(0.0, 0.0), Range(1.0, 2.0), Range(4.0, 5.0), "a slow player")
    plan = make_plan(workload(rounds=1), rates, [])
    assert plan.work == pytest.approx(Range(9 * 4.0 / HOUR, 9 * 10 * 2.0 / HOUR))
    assert math.isclose(plan.chain.high, plan.work.high)
