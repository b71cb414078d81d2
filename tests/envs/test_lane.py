"""The parts of a signalised lane: light, demand, emissions, eyes, pay, options, pictures."""

from __future__ import annotations

import dataclasses
from itertools import islice

import numpy as np
import pytest

from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.simulators.lane.demand import (
    AUTOMATED,
    HUMAN_HIGH,
    HUMAN_LOW,
    HUMAN_MEAN,
    Demand,
)
from rltransfer.envs.simulators.lane.emissions import carbon_dioxide, engine_power, fuel_rate
from rltransfer.envs.simulators.lane.picture import AGENT, LIGHTS
from rltransfer.envs.simulators.lane.sight import OBSERVATIONS, Sight, rewards
from rltransfer.envs.simulators.lane.signals import GREEN, RED, YELLOW, Signals
from rltransfer.errors import InvalidExperiment

ROAD = np.arange(1)


def light(green: float, red: float) -> Signals:
    signals = Signals(1)
    signals.program(0, green, red)
    return signals


def test_a_cycle_is_green_yellow_and_red_with_the_other_yellow() -> None:
    signals = light(green=10.0, red=5.0)
    shown = [int(signals.phases(ROAD, np.array([step]))[0]) for step in range(2 * 42)]
    assert shown == 2 * (20 * [GREEN] + 6 * [YELLOW] + 16 * [RED])


@pytest.mark.parametrize(("green", "red"), [(10.0, 5.0), (7.3, 11.1), (1.0, 5.2)])
def test_the_next_changes_come_when_they_are_announced(green: float, red: float) -> None:
    signals = light(green, red)
    shown = [int(signals.phases(ROAD, np.array([step]))[0]) for step in range(400)]
    changes = [step for step in range(1, 400) if shown[step] != shown[step - 1]]
    for step in range(200):
        announced = step + 2 * signals.switches(ROAD, np.array([step]))[0]
        assert announced.tolist() == [change for change in changes if change > step][:3]


def arrivals(inflow: float, penetration: float, count: int = 4000) -> list:
    demand = Demand({"inflow": inflow, "penetration": penetration}, seed=1)
    return list(islice(demand, count))


def test_arrivals_are_a_poisson_process() -> None:
    gaps = np.diff([arrival.time for arrival in arrivals(600.0, 0.2)])
    assert gaps.mean() == pytest.approx(6.0, rel=0.05)
    assert gaps.std() == pytest.approx(6.0, rel=0.07)


def test_some_vehicles_are_automated_and_humans_differ_as_they_were_measured() -> None:
    drawn = arrivals(600.0, 0.2)
    assert np.mean([arrival.automated for arrival in drawn]) == pytest.approx(0.2, abs=0.02)
    assert all((arrival.driver == AUTOMATED) == arrival.automated for arrival in drawn)
    humans = np.array([arrival.driver for arrival in drawn if not arrival.automated])
    assert (humans >= HUMAN_LOW).all()
    assert (humans <= HUMAN_HIGH).all()
    np.testing.assert_allclose(humans.mean(axis=0), HUMAN_MEAN, rtol=0.01)


def test_demands_of_a_seed_differ() -> None:
    context = {"inflow": 400.0, "penetration": 0.5}
    first, again, second = (next(Demand(context, 3, number)) for number in (0, 0, 1))
    assert first == again != second


def test_power_is_the_models() -> None:
    """VT-CPFM by hand, for 50 km/h and 1 m/s²."""
    air = 1.2256 / 25.92 * 0.6 * 0.98 * 3.28 * 50**2
    tyres = 9.8066 * 3152 * 1.75 / 1000 * (0.0328 * 50 + 4.575)
    expected = (air + tyres + 1.04 * 3152 * 1.0) / (3600 * 0.92) * 50
    assert engine_power(np.array(50 / 3.6), np.array(1.0)) == pytest.approx(expected)
    rate = 0.00078 + 1.9556e-5 * expected + 1e-6 * expected**2
    assert fuel_rate(np.array(50 / 3.6), np.array(1.0)) == pytest.approx(rate)


def test_braking_and_standing_burn_what_idling_does() -> None:
    speeds, accelerations = np.array([0.0, 10.0]), np.array([0.0, -3.0])
    assert fuel_rate(speeds, accelerations).tolist() == [0.00078, 0.00078]
    assert carbon_dioxide(speeds, accelerations, 2.0) == pytest.approx(0.00078 * 2348 * 2)


def test_a_step_pays_speed_and_costs_standing_and_emissions() -> None:
    cruising, standing, starting = rewards(np.array([14.0, 0.0, 0.0]), np.array([14.0, 0.0, 1.3]))
    emitted = carbon_dioxide(np.array(14.0), np.array(0.0), 0.5)
    assert cruising == pytest.approx((14 - 3 * emitted) / 15)
    assert 0.6 < cruising < 0.8
    assert -2.6 < standing < -2.4
    assert -0.6 < starting < 0.0


def test_far_and_missing_neighbours_look_alike() -> None:
    both = np.array([3.0, 3.0])
    sight = Sight(
        both, both, np.array([0, 1]), np.ones((2, 3)), both, np.array([np.inf, 251.0]), both, both
    )
    first, second = sight.numbers()
    assert first[8:10].tolist() == second[8:10].tolist() == [1.0, 1.0]
    assert first[10:].tolist() == pytest.approx([0.2, 0.012])
    assert first in OBSERVATIONS


def family(**options: object) -> ContextualEnv:
    spec = make("eco_driving").spec
    return ContextualEnv(dataclasses.replace(spec, options=options))


def test_options_are_checked() -> None:
    with pytest.raises(InvalidExperiment, match=r"\[options\].*slots"):
        family(slots=0).make()
    with pytest.raises(InvalidExperiment, match="lanes"):
        family(lanes=2).make()
    with pytest.raises(InvalidExperiment, match="warm_up must be less than duration; got 90 and 9"):
        family(warm_up=90, duration=9).make()


def test_another_base_or_feature_is_named() -> None:
    spec = make("eco_driving").spec
    with pytest.raises(InvalidExperiment, match="'EcoDrivin-v0'; did you mean 'EcoDriving-v0'"):
        ContextualEnv(dataclasses.replace(spec, base="EcoDrivin-v0")).make()
    fewer = spec.space.select([name for name in spec.space.names if name != "red"])
    with pytest.raises(InvalidExperiment, match="needs the context feature 'red'"):
        ContextualEnv(dataclasses.replace(spec, space=fewer)).make()
    other = make("cartpole").spec.space
    with pytest.raises(InvalidExperiment, match="no context feature 'gravity'"):
        ContextualEnv(dataclasses.replace(spec, space=other)).make()


def test_the_road_is_drawn() -> None:
    env = make("eco_driving").make({"inflow": 1000.0}, render_mode="rgb_array")
    env.reset(seed=2)
    for _ in range(10):
        env.step(np.array([1.0], dtype=np.float32))
    picture = env.render()
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    colours = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    assert AGENT in colours
    assert colours & set(LIGHTS.values())
    assert make("eco_driving").make().render() is None
