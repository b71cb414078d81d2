"""Environments that go wrong: named at the step, in every way of driving them; rows 15 to 17."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import rltransfer
from rltransfer.data import UniformRandom, collect
from rltransfer.envs import ContextualEnv
from rltransfer.envs.faults import Fault, failure
from rltransfer.envs.simulators import Simulator, Transition
from rltransfer.envs.simulators.classic.cartpole import CartPoleBatch
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import InvalidContext, SourceFailed
from rltransfer.evaluation import evaluate

HONEST, FAULTY = {"length": 0.5}, {"length": 0.75}
"""Contexts; the faults are in the second."""

EPISODE, STEP = 2, 3
"""Where they are, each counted from 1."""

HORIZON = 5

Spoil = Callable[[list[Any]], Any]


class Member(gym.Env[Any, Any]):
    """Counts; in the faulty context it returns something else at one step of one episode."""

    observation_space = gym.spaces.Box(-9.0, 9.0, (4,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, maker: FaultySimulator, context: Any) -> None:
        self.maker, self.context, self.episode, self.steps = maker, context, 0, 0
        self._spoilt("init", [])
        maker.open.append(self)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.maker.begun += self.context["length"] == FAULTY["length"]
        self.episode, self.steps = self.maker.begun, 0
        return tuple(self._spoilt("reset", [np.zeros(4, np.float32), {}]))

    def step(self, action: Any) -> Any:
        self.steps += 1
        seen = np.full(4, self.steps, np.float32)
        when = "step" if self.steps == STEP else "other step"
        return tuple(self._spoilt(when, [seen, 1.0, False, False, {}]))

    def _spoilt(self, when: str, returned: list[Any]) -> Any:
        here = self.context["length"] == FAULTY["length"]
        now = self.episode == EPISODE or when == "init"
        spoil = self.maker.spoilt.get(when)
        return spoil(returned) if spoil is not None and here and now else returned

    def close(self) -> None:
        self.maker.open.remove(self)


class FaultySimulator(Simulator):
    """Builds members, alone and in loops; counts the episodes in the faulty context."""

    rows_at_once = 8

    def __init__(self, spoilt: dict[str, Spoil]) -> None:
        self.spoilt, self.begun = spoilt, 0
        self.open: list[Member] = []

    def build(self, spec: Any, context: Any, render_mode: str | None = None) -> Member:
        return Member(self, context)

    def apply(self, env: Any, context: Any) -> None:
        env.unwrapped.context = context


Family = Callable[..., ContextualEnv]


@pytest.fixture
def family(monkeypatch: pytest.MonkeyPatch) -> Iterator[Family]:
    """Return what makes a family with a fault; at the end its faulty members must be closed."""
    simulators = []

    def make(**spoilt: Spoil) -> ContextualEnv:
        simulators.append(FaultySimulator(spoilt))
        monkeypatch.setattr("rltransfer.envs.contextual.load_simulator", lambda _: simulators[-1])
        return ContextualEnv(dataclasses.replace(rltransfer.make("cartpole").spec, horizon=HORIZON))

    yield make
    for simulator in simulators:
        assert not [member for member in simulator.open if member.context["length"] != 0.5]


# -- what goes wrong ---------------------------------------------------------------------------


def put(index: int, value: Any) -> Spoil:
    """Return what replaces one of the returned values."""
    return lambda returned: [*returned[:index], value, *returned[index + 1 :]]


def fail(*_: Any) -> Any:
    raise ZeroDivisionError("by nothing.\nAt all.")


OBSERVATION, REWARD, TERMINATED, TRUNCATED, INFO = range(5)
WRONG = np.array([0, np.nan, 0, 0], np.float32)

STEPS: dict[str, tuple[Spoil, str]] = {
    "a reward NaN": (put(REWARD, np.nan), r"a reward that is not finite: nan\. Narrow"),
    "a reward inf": (put(REWARD, -np.inf), r"a reward that is not finite: -inf"),
    "a reward None": (put(REWARD, None), r"a reward that is no number: None \(NoneType\)"),
    "a reward in words": (put(REWARD, "1"), r"a reward that is no number: '1' \(str\)"),
    "rewards": (put(REWARD, np.ones(1)), r"a reward that is no number: array\(\[1"),
    "an observation NaN": (put(OBSERVATION, WRONG), "an observation .*finite: its number 1 is nan"),
    "a short observation": (put(OBSERVATION, np.zeros(3, np.float32)), r"shape \(3,\); .*\(4,\)"),
    "a wide observation": (put(OBSERVATION, np.zeros((4, 1), np.float32)), r"shape \(4, 1\)"),
    "doubles": (put(OBSERVATION, np.zeros(4)), "an observation of type float64; expected float32"),
    "objects": (put(OBSERVATION, np.array([None] * 4)), "an observation of type object"),
    "a list": (put(OBSERVATION, [0.0] * 4), r"that should be an array: \[0.0.*\(list\)"),
    "no observation": (put(OBSERVATION, None), "that should be an array: None"),
    "no end": (put(TERMINATED, None), "'terminated' that is neither True nor False: None"),
    "an end in numbers": (put(TRUNCATED, 1.0), r"'truncated' that is neither .*: 1\.0"),
    "no info": (put(INFO, None), "an info that is no dictionary: None"),
    "four values": (lambda returned: returned[:4], "must return five values .* returned 4 values"),
    "an exception": (fail, r"raised ZeroDivisionError: by nothing\. At all\. Look into it with"),
}

RESETS: dict[str, tuple[Spoil, str]] = {
    "an observation inf": (put(0, WRONG + np.float32("inf")), "an observation .* number 0 is inf"),
    "a short observation": (put(0, np.zeros(3, np.float32)), r"an observation of shape \(3,\)"),
    "no info": (lambda returned: [*returned, 1], "must return two values .* returned 3 values"),
    "an exception": (fail, "raised ZeroDivisionError: by nothing"),
}

WHO = r"^cartpole\[[^]]*length=0\.75[^]]*\], "
AT_STEP = WHO + rf"at step {STEP} of episode {EPISODE}, .*"
AT_RESET = WHO + rf"at the reset of episode {EPISODE}, .*"


# -- who notices -------------------------------------------------------------------------------


def in_a_loop_of_ones_own(env: ContextualEnv) -> None:
    with closing(env.make(FAULTY)) as member:
        for _ in range(EPISODE):
            member.reset(seed=0)
            for _ in range(HORIZON):
                member.step(1)


def in_a_vector_environment(env: ContextualEnv) -> None:
    with closing(ContextVecEnv(env, [HONEST, FAULTY])) as venv:
        venv.reset()
        for _ in range(EPISODE * HORIZON):
            venv.step(np.array([0, 1]))


def in_a_recording(env: ContextualEnv) -> None:
    collect(env, [HONEST, FAULTY], UniformRandom.of(env), EPISODE * 2 * HORIZON, seed=0)


class Push:
    """Always the same action."""

    observe = ()

    def __init__(self, action: Any = 1) -> None:
        self.action = action

    def act(self, observations: Any) -> Any:
        return np.array([self.action] * len(observations))

    def sample(self, observations: Any, rng: np.random.Generator) -> Any:
        return self.act(observations)


def in_an_evaluation(env: ContextualEnv) -> None:
    evaluate(Push(), env, [HONEST, FAULTY], episodes=3, seed=0)


DRIVERS = [in_a_loop_of_ones_own, in_a_vector_environment, in_a_recording, in_an_evaluation]


@pytest.mark.parametrize("drive", DRIVERS)
@pytest.mark.parametrize("fault", STEPS)
def test_a_step_that_goes_wrong(family: Family, fault: str, drive: Any) -> None:
    spoil, message = STEPS[fault]
    with pytest.raises(SourceFailed, match=AT_STEP + message) as caught:
        drive(family(step=spoil))
    assert str(caught.value).endswith("rltransfer check-env cartpole.")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("drive", DRIVERS)
@pytest.mark.parametrize("fault", RESETS)
def test_a_reset_that_goes_wrong(family: Family, fault: str, drive: Any) -> None:
    spoil, message = RESETS[fault]
    with pytest.raises(SourceFailed, match=AT_RESET + message):
        drive(family(reset=spoil))


@pytest.mark.parametrize("drive", DRIVERS)
def test_a_member_that_cannot_be_built(family: Family, drive: Any) -> None:
    message = WHO + "when it was built, raised ZeroDivisionError: by nothing"
    with pytest.raises(SourceFailed, match=message):
        drive(family(init=fail))


def test_nothing_is_wrong_without_a_fault(family: Family) -> None:
    for drive in DRIVERS:
        drive(family())


# -- actions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [2, -1, 0.5, True, np.nan], ids=repr)
@pytest.mark.parametrize("way", ["alone", "evaluated", "recorded", "as a row"])
def test_an_action_that_the_family_does_not_have(family: Family, action: Any, way: str) -> None:
    env, push = family(), Push(action)
    ways: dict[str, Callable[[], Any]] = {
        "alone": lambda: stepped_once(env.make(FAULTY), action),
        "evaluated": lambda: evaluate(push, env, [FAULTY], 1, seed=0),
        "recorded": lambda: collect(env, [FAULTY], push, 5, seed=0),
        "as a row": lambda: stepped_once(ContextVecEnv(env, [FAULTY]), np.array([action])),
    }
    message = WHO + r"at step 1 of episode 1, was given an action outside Discrete\(2\): .*chooses"
    with pytest.raises(SourceFailed, match=message):
        ways[way]()


def stepped_once(env: Any, action: Any) -> None:
    with closing(env):
        env.reset()
        env.step(action)


def test_an_action_outside_its_bounds() -> None:
    env = rltransfer.make("pendulum")
    for action in (2.5, np.inf, np.nan):
        with pytest.raises(SourceFailed, match=r"was given an action outside Box\(-2\.0, 2\.0"):
            evaluate(Push([action]), env, [{}], 1, seed=0)
    evaluate(Push([2.0 + 1e-6]), env, [{}], 1, seed=0)  # rounding


# -- arrays ------------------------------------------------------------------------------------

ARRAYS: dict[str, tuple[Callable[[Transition], Any], str]] = {
    "rewards of another shape": (
        lambda step: step._replace(rewards=step.rewards[:1]),
        r"^cartpole, 2 members in one batch, returned rewards of shape \(1,\); expected \(2,\)",
    ),
    "observations of another shape": (
        lambda step: step._replace(observations=step.observations[:, :3]),
        r"returned observations of shape \(2, 3\); expected \(2, 4\)",
    ),
    "doubles": (
        lambda step: step._replace(observations=step.observations.astype(np.float64)),
        "returned observations of type float64; expected float32",
    ),
    "no rewards": (lambda step: step._replace(rewards=None), "returned rewards that should be an"),
    "ends in numbers": (
        lambda step: step._replace(terminated=step.rewards),
        "returned terminations of type float64; expected bool",
    ),
    "other ends": (
        lambda step: step._replace(truncated=step.terminated[:1]),
        r"returned truncations of shape \(1,\); expected \(2,\)",
    ),
    "an exception": (
        lambda step: fail(),
        "^cartpole, 2 members in one batch, raised ZeroDivisionError: by nothing",
    ),
}


@pytest.mark.parametrize("fault", ARRAYS)
@pytest.mark.parametrize("way", ["as rows", "evaluated"])
def test_an_array_program_that_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, fault: str, way: str
) -> None:
    spoil, message = ARRAYS[fault]
    honest, env = CartPoleBatch.step, rltransfer.make("cartpole")
    monkeypatch.setattr(CartPoleBatch, "step", lambda *words: spoil(honest(*words)))
    ways: dict[str, Callable[[], Any]] = {
        "as rows": lambda: stepped_once(ContextVecEnv(env, [HONEST, FAULTY]), np.array([0, 1])),
        "evaluated": lambda: evaluate(Push(), env, [HONEST, FAULTY], 1, seed=0),
    }
    with pytest.raises(SourceFailed, match=message):
        ways[way]()


def test_members_that_have_ended_may_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    env, honest, ended = rltransfer.make("cartpole"), CartPoleBatch.step, set()

    def overflowing(batch: CartPoleBatch, actions: Any) -> Transition:
        step = honest(batch, actions)
        for row in ended:
            step.observations[row], step.rewards[row] = np.nan, np.inf
        ended.update(np.flatnonzero(step.terminated).tolist())
        return step

    monkeypatch.setattr("rltransfer.evaluation.playing.DEAD_SHARE", 1.0)  # nobody is dropped
    expected = evaluate(Push(), env, [HONEST, FAULTY], 4, seed=0)
    monkeypatch.setattr(CartPoleBatch, "step", overflowing)
    np.testing.assert_array_equal(
        evaluate(Push(), env, [HONEST, FAULTY], 4, seed=0).returns, expected.returns
    )
    assert ended


# -- training ----------------------------------------------------------------------------------


def in_training(env: ContextualEnv, algorithm: str) -> None:
    from rltransfer.training import HeadStart, OnlineRL, TrainingProblem
    from rltransfer.training.algorithms import AlgorithmSettings
    from rltransfer.training.monitor import SilentMonitor

    small = {"PPO": {"n_steps": 4, "batch_size": 4, "n_epochs": 1}, "DQN": {"learning_starts": 2}}
    stage = OnlineRL(AlgorithmSettings(algorithm, 64, hyperparameters=small[algorithm]))
    problem, seed = TrainingProblem(env, [FAULTY]), np.random.SeedSequence(0)
    stage.run(problem, HeadStart(), seed, SilentMonitor())


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
@pytest.mark.parametrize("fault", ["a reward NaN", "an observation NaN", "an exception"])
def test_a_training_in_a_faulty_environment(family: Family, fault: str, algorithm: str) -> None:
    spoil, message = STEPS[fault]
    with pytest.raises(SourceFailed, match=AT_STEP + message):
        in_training(family(step=spoil), algorithm)


class SpoilTheThird:
    """A callback with which the third rollout meets numbers that are none."""

    def __init__(self, every_step: bool) -> None:
        from stable_baselines3.common.callbacks import BaseCallback

        class Callback(BaseCallback):
            sees_only_rollouts = not every_step
            rollouts = 0

            def _on_rollout_start(self) -> None:
                self.rollouts += 1
                self.weights = weights_of(self.model)

            def _on_rollout_end(self) -> None:
                if self.rollouts == 2:
                    batch = self.training_env.unwrapped.episodes.batch
                    batch._features["length"][1] = np.nan
                    batch._coefficients = np.stack(batch._derive())

            def _on_step(self) -> bool:
                return True

        self.callback = Callback()


def weights_of(agent: Any) -> list[Any]:
    return [parameter.detach().numpy().copy() for parameter in agent.policy.parameters()]


@pytest.mark.parametrize("normalised", [False, True], ids=["as it is", "normalised"])
def test_compiled_rollouts_notice_it_at_the_same_step(normalised: bool) -> None:
    from stable_baselines3.common.vec_env import VecNormalize

    from rltransfer.training.fast_ppo import FastPPO

    messages = []
    for every_step in (False, True):
        rows = ContextVecEnv(rltransfer.make("cartpole"), [HONEST, FAULTY, HONEST])
        venv = VecNormalize(rows) if normalised else rows
        agent = FastPPO("MlpPolicy", venv, seed=0, device="cpu", n_steps=64, batch_size=64)
        spoiler = SpoilTheThird(every_step).callback
        with pytest.raises(SourceFailed, match=WHO + ".* an observation that is not fin") as caught:
            agent.learn(64 * 3 * 6, callback=spoiler)
        messages.append(str(caught.value))
        for before, after in zip(spoiler.weights, weights_of(agent), strict=True):
            np.testing.assert_array_equal(after, before)
            assert np.isfinite(after).all()
        if normalised:
            assert np.isfinite([*venv.obs_rms.mean, *venv.obs_rms.var, venv.ret_rms.var]).all()
    assert messages[0] == messages[1]
    assert "of episode 1," not in messages[0]


def test_compiled_rollouts_notice_what_an_episode_would_begin_with() -> None:
    from rltransfer.training.fast_ppo import FastPPO

    rows = ContextVecEnv(rltransfer.make("cartpole"), [HONEST, FAULTY])
    agent = FastPPO("MlpPolicy", rows, seed=0, device="cpu", n_steps=64, batch_size=64)
    rows.reset()
    rows.episodes.starts.drawn[0][1, 3, 2] = np.inf
    message = WHO + "at the reset of an episode to come, .* observation .*: its number 2 is inf"
    agent._last_obs, agent._last_episode_starts = rows.reset(), np.ones(2)
    with pytest.raises(SourceFailed, match=message):
        agent.learn(128, reset_num_timesteps=False)


# -- sentences ---------------------------------------------------------------------------------


def test_sentences_of_ours_stay_as_they_are() -> None:
    for error in (InvalidContext("a sentence."), SourceFailed("another one.")):
        assert failure(error, lambda row: pytest.fail("nobody asks for the place")) is error


def test_an_exception_without_a_message() -> None:
    assert str(Fault.of(AssertionError())) == "raised AssertionError"
    assert len(str(Fault.of(ValueError("x" * 10_000)))) < 250


def test_a_member_that_cannot_be_closed_keeps_no_other(family: Family, caplog: Any) -> None:
    env = family()
    batch = env.batch([HONEST, FAULTY])
    batch._envs[0].close = fail
    batch.keep(np.arange(0))
    assert "could not be closed: ZeroDivisionError" in caplog.text
