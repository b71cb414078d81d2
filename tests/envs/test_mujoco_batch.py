"""MuJoCo's array programs against Gymnasium's own environments, whose models are edited by hand.

Bits are compared throughout: observations, rewards and ends, over several episodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.seeding import np_random

pytest.importorskip("mujoco")

import mujoco

from rltransfer.contexts import Context
from rltransfer.envs import load_catalog, make
from rltransfer.envs.cores import THREADS, thread_count
from rltransfer.envs.simulators.mujoco.batch import MujocoBatch, array_stepper, program
from rltransfer.envs.simulators.mujoco.batch.array_stepper import ArrayStepper, is_available
from rltransfer.envs.simulators.mujoco.batch.loop_stepper import LoopStepper
from rltransfer.envs.simulators.mujoco.batch.tasks import TASKS
from rltransfer.envs.simulators.mujoco.task_constants import TaskConstants
from rltransfer.errors import InvalidExperiment
from rltransfer.testing.batches import compare_batch

SEED = 11
USUAL = Context(gravity=1.0, mass=1.0, timestep=1.0)
LIGHT = USUAL.replace(gravity=0.6, mass=0.7)
HEAVY = USUAL.replace(mass=1.6, timestep=0.8)
CONTEXTS = [USUAL, LIGHT, HEAVY]
NEEDS_BATCH = pytest.mark.skipif(not is_available(), reason="MuJoCo has no batch before 3.17")
BOTH = pytest.mark.parametrize(
    "stepper", [pytest.param(ArrayStepper, marks=NEEDS_BATCH), LoopStepper]
)


def edit(model: Any, context: Context) -> None:
    """Apply a context whose features are factors."""
    model.opt.gravity[2] *= context["gravity"]
    model.opt.timestep *= context["timestep"]
    model.body_mass *= context["mass"]
    model.body_inertia *= context["mass"]
    mujoco.mj_setConst(model, mujoco.MjData(model))


def gymnasium_env(base: str, context: Context) -> Any:
    env = gym.make(base).unwrapped
    edit(env.model, context)
    return env


@cache
def healthy_ranges(base: str) -> TaskConstants:
    env = gym.make(base).unwrapped
    names = ("healthy_z_range", "healthy_angle_range")
    return TaskConstants(*(getattr(env, f"_{name}", None) for name in names))


@pytest.fixture(autouse=True)
def models(monkeypatch: pytest.MonkeyPatch) -> list[Context]:
    """Edit the models by hand, so that the batch is tested alone; return what was asked for."""
    asked = []

    def contextual_model(spec: Any, context: Context) -> Any:
        asked.append(context)
        return gymnasium_env(spec.base, context).model

    monkeypatch.setattr(program, "contextual_model", contextual_model)
    monkeypatch.setattr(program, "task_constants", lambda spec, _: healthy_ranges(spec.base))
    return asked


BuildBatch = Callable[..., MujocoBatch]


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> BuildBatch:
    """Return a function that builds a batch, with another stepper or number of threads."""

    def build(
        base: str,
        contexts: Sequence[Context] = CONTEXTS,
        stepper: Any = None,
        threads: int = 2,
    ) -> MujocoBatch:
        with monkeypatch.context() as patch:
            patch.setenv(THREADS, str(threads))
            if stepper is not None:
                patch.setattr(program, "stepper_for", lambda task: stepper)
            return MujocoBatch(SimpleNamespace(base=base, folder=Path(base)), contexts)

    return build


def actions_of(batch: MujocoBatch, steps: int, rows: int) -> Any:
    """Return actions, shape (steps, rows, a): gentle ones, then wild ones, in turn."""
    space = batch.action_space
    shape = (steps, rows, *space.shape)
    actions = np.random.default_rng(SEED).uniform(space.low, space.high, shape)
    actions[np.arange(steps) % 60 < 30] *= 0.1
    return actions.astype(np.float32)


def start(batch: MujocoBatch, seed: int = SEED) -> Any:
    states = batch.initial_states(np.random.default_rng(seed), len(batch))
    return batch.reset(np.arange(len(batch)), states)


def traces(batch: MujocoBatch, actions: Any) -> list[Any]:
    return [np.column_stack(batch.step(action)[:3]) for action in actions]


@pytest.mark.parametrize("base", TASKS)
def test_a_batch_equals_gymnasium(base: str, build: BuildBatch) -> None:
    batch = build(base)
    members = [gymnasium_env(base, context) for context in CONTEXTS]
    generators = [np_random(SEED + row)[0] for row in range(len(members))]
    for row, member in enumerate(members):
        member.np_random = generators[row]

    def begin(rows: list[int]) -> None:
        states = [batch.initial_states(np_random_copy(generators[row]), 1) for row in rows]
        seen = batch.reset(np.array(rows), np.concatenate(states))
        assert seen.tolist() == [members[row].reset()[0].tolist() for row in rows]

    assert batch.observation_space == members[0].observation_space
    assert batch.action_space == members[0].action_space
    begin([0, 1, 2])
    for t, action in enumerate(actions_of(batch, 300, len(members))):
        step = batch.step(action)
        theirs = [member.step(a) for member, a in zip(members, action, strict=True)]
        assert step.observations.tolist() == [one[0].tolist() for one in theirs]
        assert step.rewards.tolist() == [one[1] for one in theirs]
        assert step.terminated.tolist() == [one[2] for one in theirs]
        assert step.rewards.dtype == np.float64
        ended = [row for row, one in enumerate(theirs) if one[2] or t % 90 == 89]
        if ended:
            begin(ended)


def np_random_copy(generator: np.random.Generator) -> np.random.Generator:
    """Return a generator that will draw the same, so that the original can draw it again."""
    copied = np.random.Generator(np.random.PCG64())
    copied.bit_generator.state = generator.bit_generator.state
    return copied


@pytest.mark.parametrize("base", TASKS)
def test_states_drawn_ahead_are_those_of_successive_resets(base: str, build: BuildBatch) -> None:
    batch, member = build(base, [LIGHT] * 3), gymnasium_env(base, LIGHT)
    states = batch.initial_states(np_random(SEED)[0], 3)
    seen = batch.reset(np.arange(3), states)
    expected = [member.reset(seed=SEED)[0], member.reset()[0], member.reset()[0]]
    assert np.array_equal(seen, expected)


@pytest.mark.parametrize("base", TASKS)
def test_violent_motion_is_judged_alike(base: str, build: BuildBatch) -> None:
    speeds = [-200.0, -30.0, 0.0, 60.0, 120.0]
    batch, member = build(base, [USUAL] * len(speeds)), gymnasium_env(base, USUAL)
    nq, nv = member.model.nq, member.model.nv
    states = batch.initial_states(np_random(SEED)[0], len(speeds))
    states[:, nq + nv // 2] = speeds  # one joint turns fast
    states[0, nq + min(2, nv - 1)] = -30.0  # and somebody falls
    batch.reset(np.arange(len(speeds)), states)
    action = batch.action_space.high
    ours = [batch.step(np.stack([action] * len(speeds))) for _ in range(6)]
    for row, state in enumerate(states):
        mujoco.mj_resetData(member.model, member.data)
        member.set_state(origin(member) + state[:nq], state[nq:])
        for step in ours:
            seen, reward, terminated, _, _ = member.step(action)
            assert step.observations[row].tolist() == seen.tolist()
            assert (step.rewards[row], step.terminated[row]) == (reward, terminated)


@pytest.mark.parametrize("base", ["Ant-v5", "Hopper-v5", "Humanoid-v5", "Walker2d-v5"])
def test_the_limits_of_health_are_gymnasium_s(base: str, build: BuildBatch) -> None:
    batch, member = build(base, [USUAL]), gymnasium_env(base, USUAL)
    state = np.concatenate([member.init_qpos, member.init_qvel])
    values = [0.1, 0.2, 0.21, 0.7, 0.71, 0.8, 0.81, 1.0, 1.1, 2.0, 2.1, 99.0, 100.0, 101.0]
    for at in range(len(state)):
        for value in [*values, *(-v for v in values), np.inf, np.nan]:
            changed = state.copy()
            changed[at] = value
            member.data.qpos[:], member.data.qvel[:] = np.split(changed, [member.model.nq])
            fields = SimpleNamespace(qpos=member.data.qpos[None], qvel=member.data.qvel[None])
            assert batch._task.healthy(fields).tolist() == [bool(member.is_healthy)]


def origin(member: Any) -> Any:
    """Return the positions that drawn ones are added to; targets and objects lie as drawn."""
    drawn = {"ReacherEnv": 2, "PusherEnv": 4}.get(type(member).__name__, 0)
    qpos = member.model.qpos0.copy()
    qpos[member.model.nq - drawn :] = 0.0
    return qpos


@NEEDS_BATCH
@pytest.mark.parametrize("base", [name for name in TASKS if name not in ("Ant-v5", "Humanoid-v5")])
def test_the_loop_equals_the_batch(base: str, build: BuildBatch) -> None:
    one, other = build(base, stepper=ArrayStepper), build(base, stepper=LoopStepper)
    assert np.array_equal(start(one), start(other))
    actions = actions_of(one, 60, len(one))
    assert np.array_equal(traces(one, actions), traces(other, actions))


@NEEDS_BATCH
def test_without_a_batch_module_the_loop_steps(
    build: BuildBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert type(build("Hopper-v5")._physics) is ArrayStepper
    monkeypatch.setattr(array_stepper, "Batch", None)
    assert type(build("Hopper-v5")._physics) is LoopStepper


@BOTH
def test_threads_change_nothing(stepper: Any, build: BuildBatch) -> None:
    contexts = [USUAL.replace(gravity=0.5 + 0.1 * i) for i in range(7)]
    one, two = (build("HalfCheetah-v5", contexts, stepper, threads) for threads in (1, 2))
    assert np.array_equal(start(one), start(two))
    actions = actions_of(one, 80, len(one))
    assert np.array_equal(traces(one, actions), traces(two, actions))


@BOTH
def test_the_others_live_on_when_some_are_dropped(stepper: Any, build: BuildBatch) -> None:
    contexts = [USUAL, LIGHT, HEAVY, LIGHT.replace(mass=1.2), USUAL.replace(mass=2.0)]
    whole, part = build("Hopper-v5", contexts, stepper), build("Hopper-v5", contexts, stepper)
    actions = actions_of(whole, 90, len(whole))
    start(whole)
    start(part)
    left = np.arange(5)
    for t, action in enumerate(actions):
        if t in (20, 50):
            rows = np.array([3, 0, 2]) if t == 20 else np.array([2, 0])
            part.keep(rows)
            left = left[rows]
        (seen, reward, over, _), ours = whole.step(action), part.step(action[left])
        assert np.array_equal(ours.observations, seen[left])
        assert ours.rewards.tolist() == reward[left].tolist()
        assert ours.terminated.tolist() == over[left].tolist()
    assert left.tolist() == [2, 3]
    assert len(part) == 2
    states = part.initial_states(np_random(SEED)[0], 1)
    assert np.array_equal(part.reset(np.array([1]), states), whole.reset(np.array([3]), states))


@BOTH
@pytest.mark.parametrize("dropped", [False, True], ids=["all", "after dropping some"])
def test_a_new_context_begins_with_the_next_episode(
    stepper: Any, dropped: bool, build: BuildBatch
) -> None:
    changed = build("Walker2d-v5", [USUAL, USUAL, LIGHT, USUAL], stepper)
    expected = build("Walker2d-v5", [HEAVY, LIGHT, USUAL], stepper)
    actions = actions_of(changed, 40, 4)
    start(changed)
    traces(changed, actions[:10])
    if dropped:
        changed.keep(np.array([3, 2, 0]))
    rows = np.array([0, 2])
    changed.assign(rows, [HEAVY, USUAL])
    states = changed.initial_states(np_random(SEED)[0], 2)
    assert np.array_equal(changed.reset(rows, states), expected.reset(rows, states))
    for action in actions[:, : len(changed)]:
        ours, theirs = changed.step(action), expected.step(action[:3])
        assert np.array_equal(ours.observations[rows], theirs.observations[rows])
        assert np.array_equal(ours.rewards[rows], theirs.rewards[rows])


@BOTH
def test_a_new_context_leaves_the_others_alone(stepper: Any, build: BuildBatch) -> None:
    undisturbed, changed = (build("Hopper-v5", stepper=stepper) for _ in range(2))
    actions = actions_of(changed, 30, 3)
    start(undisturbed)
    start(changed)
    for t, action in enumerate(actions):
        if t == 10:
            changed.assign(np.array([1]), [HEAVY])
            changed.reset(np.array([1]), changed.initial_states(np_random(SEED)[0], 1))
        one, other = undisturbed.step(action), changed.step(action)
        assert np.array_equal(one.observations[[0, 2]], other.observations[[0, 2]])
        assert np.array_equal(one.rewards[[0, 2]], other.rewards[[0, 2]])


@BOTH
def test_nobody_may_be_assigned_reset_or_kept(stepper: Any, build: BuildBatch) -> None:
    batch, nobody = build("Hopper-v5", stepper=stepper), np.arange(0)
    start(batch)
    batch.assign(nobody, [])
    assert batch.reset(nobody, np.zeros((0, 12))).shape == (0, 11)
    batch.keep(nobody)
    assert len(batch) == 0


def test_members_of_one_context_share_a_model(build: BuildBatch, models: list[Context]) -> None:
    batch = build("Swimmer-v5", [LIGHT, HEAVY] * 10)
    batch.assign(np.arange(3), [HEAVY, USUAL, LIGHT])
    assert models == [LIGHT, HEAVY, USUAL]


def test_each_member_falls_at_its_own_height(
    build: BuildBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def constants(spec: Any, context: Context) -> TaskConstants:
        return TaskConstants((1.24 if context == LIGHT else 0.7, 9.0), (-9.0, 9.0))

    monkeypatch.setattr(program, "task_constants", constants)
    batch = build("Hopper-v5", [USUAL, LIGHT, USUAL])
    start(batch)
    still = np.zeros((3, 3), dtype=np.float32)
    ends = [batch.step(still).terminated.tolist() for _ in range(30)]
    assert ends[-1] == [False, True, False]
    batch.keep(np.array([1, 2]))
    assert batch.step(still[:2]).terminated.tolist() == [True, False]
    batch.assign(np.array([1]), [LIGHT])
    assert batch.step(still[:2]).terminated.tolist() == [True, True]


def test_an_unknown_base_is_refused(build: BuildBatch) -> None:
    with pytest.raises(
        InvalidExperiment, match="no batch of 'Hopper-v4'; did you mean 'Hopper-v5'"
    ):
        build("Hopper-v4")


# -- threads -----------------------------------------------------------------------------------


def test_threads_are_the_cores_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(THREADS, raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {2, 3, 5}, raising=False)
    assert thread_count() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    assert thread_count() == 7
    monkeypatch.setenv(THREADS, " 4 ")
    assert thread_count() == 4


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "²"])
def test_another_number_of_threads_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, text)
    sentence = f"{THREADS} must be a whole number from 1 on; got '{text}'"
    with pytest.raises(InvalidExperiment, match=sentence):
        thread_count()


# -- the families of the catalogue -------------------------------------------------------------

FAMILIES = [spec.id for spec in load_catalog() if spec.simulator == "mujoco"]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_s_batch_equals_its_members(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # of the models edited by hand
    env = make(name)
    units = np.array([[0.0], [1.0], [0.3]]) * np.ones(len(env.space))
    contexts = [env.space.default, *env.space.from_unit(units)]
    space = env.batch(contexts).action_space
    space.seed(SEED)
    compare_batch(env, contexts, SEED, [space.sample() for _ in range(60)], tolerance=0.0)
