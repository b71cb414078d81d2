"""Ring roads as environments: rings of all kinds together, episodes, rewards, what is seen."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.simulators.ring import RingBatch
from rltransfer.envs.simulators.ring.advice import ADVICE, AccelerationAdvice, SpeedAdvice
from rltransfer.envs.simulators.ring.rings import Rings, stages
from rltransfer.errors import InvalidExperiment

NOTHING = np.zeros(1, dtype=np.float32)  # no acceleration
LEVEL = 4  # of ten speeds: 4.44 m/s, above which this many vehicles cannot flow


def family(name: str = "ring_road", **options: Any) -> ContextualEnv:
    """Return a family with other options."""
    spec = make(name).spec
    return ContextualEnv(dataclasses.replace(spec, options={**spec.options, **options}))


def batch_of(env: ContextualEnv, *contexts: dict[str, float], seed: int = 0) -> RingBatch:
    """Return a batch that was reset."""
    batch = env.batch(contexts)
    assert isinstance(batch, RingBatch)
    states = batch.initial_states(np.random.default_rng(seed), 1)
    batch.reset(np.arange(len(contexts)), np.repeat(states, len(contexts), axis=0))
    return batch


def play(batch: RingBatch, action: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return returns, lengths and collisions of episodes with one action."""
    n = len(batch)
    returns, lengths, alive = np.zeros(n), np.zeros(n, dtype=int), np.ones(n, dtype=bool)
    while alive.any():
        step = batch.step(np.array([action] * n))
        assert not step.rewards[~alive].any()
        returns += step.rewards
        lengths += alive
        alive &= ~step.over
    return returns, lengths, step.terminated


# -- rings -------------------------------------------------------------------------------------


def assorted(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lengths, numbers of vehicles and desired speeds of n rings."""
    rng = np.random.default_rng(n)
    return rng.uniform(200, 300, n), rng.integers(18, 27, n), rng.uniform(8, 18, (n, 26))


def driven(rows: np.ndarray, steps: np.ndarray, advice: np.ndarray | None) -> Rings:
    """Line up some of nine assorted rings, let traffic form, and drive them."""
    lengths, vehicles, desired = assorted(9)
    rings = Rings(len(rows), 26, 0.1, "euler")
    rings.line_up(np.arange(len(rows)), lengths[rows], vehicles[rows], desired[rows])
    rings.drive(np.full(len(rows), 200))
    rings.drive(steps[rows], None if advice is None else AccelerationAdvice(advice[rows]))
    return rings


@pytest.mark.parametrize("guided", [False, True])
def test_rings_of_all_kinds_drive_together_as_alone(guided: bool) -> None:
    steps = np.array([40, 7, 0, 300, 7, 1, 90, 300, 12])
    advice = np.linspace(-0.5, 0.5, 9) if guided else None
    together = driven(np.arange(9), steps, advice)
    for row in range(9):
        alone = driven(np.array([row]), steps, advice)
        np.testing.assert_array_equal(together.guided()[:, row], alone.guided()[:, 0])
        assert together.mean_position()[row] == alone.mean_position()[0]
        np.testing.assert_array_equal(together.rows()[:, row], alone.rows()[:, 0])


def test_stages_shrink() -> None:
    assert list(stages(np.array([5, 3, 3, 0]))) == [(3, 3), (1, 2)]
    assert list(stages(np.array([0, 0]))) == []


def test_two_platoons_wait_at_the_beginning() -> None:
    rings = Rings(1, 26, 0.1, "euler")
    rings.line_up(np.arange(1), np.array([250.0]), np.array([21]), np.full((1, 26), 13.89))
    x, v, _ = rings.rows()[:, 0, :22]
    np.testing.assert_allclose(x[:11], 7.1 * np.arange(11))
    np.testing.assert_allclose(x[11:21], 125 + 7.1 * np.arange(10))
    assert x[21] == 250.0
    assert not v.any()


def test_human_drivers_keep_order_and_distance() -> None:
    lengths, vehicles, desired = assorted(50)
    rings = Rings(50, 26, 0.1, "euler")
    rings.line_up(np.arange(50), lengths, vehicles, desired)
    for _ in range(60):
        rings.drive(np.full(50, 50))
        x = rings.rows()[0]
        for row, n in enumerate(vehicles):
            assert np.diff(x[row, : n + 1]).min() > 5.0
    np.testing.assert_allclose(x[np.arange(50), vehicles] - x[:, 0], lengths, rtol=0, atol=1e-9)


def test_a_crash_stops_its_ring_only() -> None:
    batch = batch_of(make("ring_road"), {}, {}, {"ring_length": 300.0})
    rings, steps = batch.rings, np.full(3, 4000)
    crashed = rings.drive(steps, AccelerationAdvice(np.array([0.5, 0.0, 0.0])))
    assert crashed.tolist() == [True, False, False]
    distance = rings.guided()[2]
    assert 4.8 < distance[0] < 5.0 < distance[1:].min()
    at_crash = rings.rows()[:, 0].copy()
    rings.drive(np.array([0, 10, 10]), AccelerationAdvice(np.zeros(3)))
    np.testing.assert_array_equal(rings.rows()[:, 0], at_crash)


# -- advice ------------------------------------------------------------------------------------


def test_actions_become_advice() -> None:
    actions = np.array([[-1.0], [0.5]], dtype=np.float32)
    np.testing.assert_array_equal(AccelerationAdvice.of_actions(actions).values, [-0.5, 0.25])
    np.testing.assert_allclose(SpeedAdvice.of_actions(np.array([0, 3, 9])).values, [0, 10 / 3, 10])


@pytest.mark.parametrize(
    ("kind", "told", "v", "safe", "followed"),
    [
        ("acceleration", 0.5, 4.0, 9.0, 4.05),
        ("acceleration", -0.5, 0.02, 9.0, 0.0),
        ("acceleration", 0.5, 4.0, 3.9, 3.9),  # what is safe comes first
        ("acceleration", 0.5, 4.0, 1.0, 3.85),  # but nobody brakes harder than this
        ("speed", 10.0, 4.0, 9.0, 4.1),
        ("speed", 4.05, 4.0, 9.0, 4.05),
        ("speed", 0.0, 4.0, 9.0, 3.85),
        ("speed", 0.0, 0.1, 9.0, 0.0),
    ],
)
def test_advice_is_followed_within_limits(
    kind: str, told: float, v: float, safe: float, followed: float
) -> None:
    advice = ADVICE[kind](np.array([told]))
    assert advice.followed(np.array([v]), np.array([safe]), 0.1) == pytest.approx(followed)


# -- episodes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("hold", [0.1, 0.7, 1.0, 37.3])
def test_the_return_is_the_mean_speed_of_the_fleet(hold: float) -> None:
    batch = batch_of(make("ring_road_speed"), {"hold": hold})
    begin = batch.rings.mean_position()
    returns, lengths, crashed = play(batch, LEVEL)
    np.testing.assert_allclose(returns, (batch.rings.mean_position() - begin) / 400, rtol=1e-9)
    assert lengths[0] == np.ceil(4000 / np.rint(hold / 0.1))
    assert not crashed.any()
    np.testing.assert_allclose(returns, 4.345, atol=0.01)  # an advice held is the same advice


def test_an_episode_ends_itself() -> None:
    env = make("ring_road_speed").make({"hold": 40.0})
    env.reset(seed=0)
    ends = [env.step(LEVEL)[2:4] for _ in range(10)]
    assert ends == [(False, False)] * 9 + [(False, True)]


def test_a_collision_ends_an_episode_and_costs() -> None:
    batch = batch_of(make("ring_road_speed"), {"hold": 40.0}, {"hold": 1.0})
    begin = batch.rings.mean_position()
    returns, lengths, crashed = play(batch, 9)
    assert crashed.all()
    assert (lengths < [10, 400]).all()
    moved = (batch.rings.mean_position() - begin) / 400
    np.testing.assert_allclose(returns, moved - 0.1)
    assert returns[0] == pytest.approx(returns[1])


def test_guidance_damps_waves() -> None:
    env = make("ring_road_speed")
    contexts = [env.space.default] * 32
    batch = env.batch(contexts)
    rows, states = np.arange(32), batch.initial_states(np.random.default_rng(1), 32)
    batch.reset(rows, states)
    guided, _, _ = play(batch, LEVEL)
    batch.reset(rows, states)
    begin = batch.rings.mean_position()
    batch.rings.drive(np.full(32, 4000))
    unguided = (batch.rings.mean_position() - begin) / 400
    assert 3.8 < unguided.mean() < 4.0 < 4.3 < guided.mean()
    assert (guided > unguided).all()


# -- what is seen ------------------------------------------------------------------------------


def test_the_observation_is_of_the_guided_vehicle_and_its_leader() -> None:
    batch = batch_of(make("ring_road"), {}, {"ring_length": 210.0})
    step = batch.step(np.zeros((2, 1), dtype=np.float32))
    x, v, _ = batch.rings.rows()
    seen = np.stack([v[:, 0] / 10, v[:, 1] / 10, (x[:, 1] - x[:, 0]) / 300], axis=1)
    np.testing.assert_allclose(step.observations, 2 * seen - 1, atol=1e-6)
    assert step.observations.dtype == np.float32


def test_in_mbtl_the_observation_is_that_after_one_step() -> None:
    slow, fast = family(obs_at="mbtl"), make("ring_road")
    late = batch_of(slow, {"hold": 5.0}).step(NOTHING[np.newaxis])
    early = batch_of(fast, {"hold": 0.1}).step(NOTHING[np.newaxis])
    usual = batch_of(fast, {"hold": 5.0}).step(NOTHING[np.newaxis])
    np.testing.assert_array_equal(late.observations, early.observations)
    assert (late.observations != usual.observations).any()
    np.testing.assert_allclose(late.rewards, usual.rewards, rtol=1e-12)


def test_whole_numbers_are_rounded() -> None:
    env = make("ring_road")
    one = batch_of(env, {"vehicles": 21.6, "hold": 0.96})
    two = batch_of(env, {"vehicles": 22.4, "hold": 1.04})
    for _ in range(5):
        first, second = (batch.step(NOTHING[np.newaxis]) for batch in (one, two))
        np.testing.assert_array_equal(first.observations, second.observations)


def test_rows_that_are_dropped_or_changed_leave_the_others_alone() -> None:
    env = make("ring_road")
    contexts = [{"vehicles": 18.0}, {"hold": 3.0}, {"ring_length": 280.0}]
    alone, crowd = batch_of(env, contexts[1]), batch_of(env, *contexts)
    for k in range(6):
        if k == 2:
            crowd.assign(np.array([0]), [env.space.validate({"vehicles": 26.0})])
            crowd.reset(np.array([0]), np.zeros((1, 26)))
        if k == 4:
            crowd.keep(np.array([2, 1]))
        row = 1
        expected = alone.step(NOTHING[np.newaxis])
        step = crowd.step(np.array([NOTHING] * len(crowd)))
        np.testing.assert_array_equal(step.observations[row], expected.observations[0])
        assert step.rewards[row] == expected.rewards[0]


# -- pictures ----------------------------------------------------------------------------------


def test_a_picture_shows_the_ring() -> None:
    env = make("ring_road").make(render_mode="rgb_array")
    env.reset(seed=0)
    first: Any = env.render()
    env.step(NOTHING)
    second: Any = env.render()
    assert first.shape == (480, 480, 3)
    assert first.dtype == np.uint8
    assert (first != second).any()
    halo = (first == 255).all(axis=2)
    assert 50 < halo.sum() < 2000
    env.close()


def test_a_window_opens_and_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = make("ring_road").make(render_mode="human")
    env.reset(seed=0)
    env.step(NOTHING)
    env.close()
    env.close()


# -- messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"guidance": "brakes"}, "guidance must be 'acceleration' or 'speed'; got 'brakes'"),
        ({"obs_at": "noon"}, "obs_at must be 'decision' or 'mbtl'; got 'noon'"),
        ({"hold": 3}, "hold: this key is unknown"),
        ({"dt": 1.0}, "dt must be at most 0.5; got 1.0"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidExperiment, match=sentence):
        family(**options).make()


def test_an_unknown_feature_is_refused() -> None:
    other = make("cartpole").spec.space
    spec = dataclasses.replace(make("ring_road").spec, space=other)
    with pytest.raises(InvalidExperiment, match="has no context feature 'gravity'"):
        ContextualEnv(spec).make()


def test_the_libraries_that_decide_are_named() -> None:
    assert set(make("ring_road").simulator.versions()) == {"gymnasium", "numpy"}


def test_spaces_are_each_members_own() -> None:
    one, two = make("ring_road").make(), make("ring_road").make()
    one.action_space.seed(0)
    first = one.action_space.sample()
    one.action_space.seed(0)
    two.action_space.sample()
    np.testing.assert_array_equal(one.action_space.sample(), first)
