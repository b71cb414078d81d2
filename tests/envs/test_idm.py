"""One step of the intelligent driver model; `test_ring_sumo.py` compares it with SUMO's."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.envs.simulators.carfollowing import IDM, MOTIONS, workspace


def by_hand(v: float, leader: float, gap: float, desired: float, dt: float, parts: int) -> float:
    """Return the next speed, written out for one vehicle with SUMO's default driver."""
    a, b, headway, min_gap = 1.0, 1.5, 1.0, 2.0
    for _ in range(parts):
        wanted = min_gap + max(0.0, v * headway + v * (v - leader) / (2 * (a * b) ** 0.5))
        gap = max(1e-3, gap)
        v += a * (1 - (v / desired) ** 4 - (wanted / gap) ** 2) * dt / parts
        gap -= max(0.0, (v - leader) * dt / parts)
    return v if v >= 1e-4 * dt else 0.0


def traffic(n: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    v, leaders = rng.uniform(0, 10, (2, n))
    return v, leaders, rng.uniform(-0.5, 30, n), rng.uniform(5, 20, n)


@pytest.mark.parametrize(("dt", "parts"), [(0.1, 1), (0.3, 1), (0.5, 2)])
def test_a_step_is_the_one_written_out(dt: float, parts: int) -> None:
    v, leaders, gaps, desired = traffic()
    drivers = IDM(desired, dt=dt)
    assert drivers.parts == parts
    expected = [by_hand(*one, dt, parts) for one in zip(v, leaders, gaps, desired, strict=True)]
    np.testing.assert_allclose(drivers.next_speeds(v, leaders, gaps), expected, atol=1e-12)


def test_nothing_that_is_given_changes() -> None:
    v, leaders, gaps, desired = traffic()
    before = [values.copy() for values in (v, leaders, gaps, desired)]
    drivers = IDM(desired, dt=0.5)
    work = workspace(len(v))
    one, two = drivers.next_speeds(v, leaders, gaps), drivers.next_speeds(v, leaders, gaps, work)
    for values, copy in zip((v, leaders, gaps, desired), before, strict=True):
        np.testing.assert_array_equal(values, copy)
    np.testing.assert_array_equal(one, two)
    assert np.shares_memory(two, work)


def test_each_driver_may_differ() -> None:
    v, leaders, gaps, desired = traffic(2)
    each = {"accel": [1.0, 0.7], "decel": [1.5, 2.0], "headway": [1.0, 0.3], "min_gap": [2.0, 1.0]}
    together = IDM(desired, **{name: np.array(values) for name, values in each.items()})
    for i in range(2):
        alone = IDM(desired[i], **{name: values[i] for name, values in each.items()})
        np.testing.assert_array_equal(
            together.next_speeds(v, leaders, gaps)[i], alone.next_speeds(v, leaders, gaps)[i]
        )


def test_a_grid_of_vehicles_is_stepped_as_a_row() -> None:
    v, leaders, gaps, desired = traffic(12)
    grid = [values.reshape(3, 4) for values in (v, leaders, gaps)]
    row = IDM(desired).next_speeds(v, leaders, gaps)
    np.testing.assert_array_equal(IDM(desired.reshape(3, 4)).next_speeds(*grid).ravel(), row)


def test_on_a_free_road_the_desired_speed_stays() -> None:
    free = np.array([np.inf])
    assert IDM(13.89).next_speeds(np.array([13.89]), np.zeros(1), free) == 13.89
    assert IDM(13.89).next_speeds(np.zeros(1), np.zeros(1), free) == 0.1


def test_at_the_equilibrium_gap_speeds_stay() -> None:
    v = np.array([1.0, 4.0, 8.0])
    gaps = (2.0 + v) / np.sqrt(1 - (v / 13.89) ** 4)
    np.testing.assert_allclose(IDM(13.89).next_speeds(v, v, gaps), v, rtol=1e-14)


def test_who_would_only_creep_stands() -> None:
    gap = np.array([2.0 / np.sqrt(1 - 5e-5)])  # accelerates by 5e-5 m/s²
    assert IDM(13.89).next_speeds(np.zeros(1), np.zeros(1), gap) == 0.0
    gap = np.array([2.0 / np.sqrt(1 - 2e-4)])
    assert IDM(13.89).next_speeds(np.zeros(1), np.zeros(1), gap) > 0.0


def test_an_overlap_stays_finite() -> None:
    v = np.array([0.0, 10.0])
    np.testing.assert_array_equal(IDM(13.89).next_speeds(v, v, np.array([-3.0, 0.0])), 0.0)


def test_euler_takes_the_new_speed_and_ballistic_the_mean() -> None:
    old, new, memory = np.array([1.0]), np.array([3.0]), np.empty(1)
    for name, metres in (("euler", 0.3), ("ballistic", 0.2)):
        x = np.array([7.0])
        MOTIONS[name](x, old, new, 0.1, memory)
        np.testing.assert_allclose(x, 7.0 + metres)
    assert (old, new) == (1.0, 3.0)
