"""Where a training in an environment is cut into segments, and what does not depend on how."""

from __future__ import annotations

import numpy as np
import pytest
from stable_baselines3.common.callbacks import CallbackList, ConvertCallback
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv, VecNormalize

import rltransfer
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import Interrupted
from rltransfer.evaluation import evaluate
from rltransfer.training import (
    AlgorithmSettings,
    HeadStart,
    SilentMonitor,
    TrainingProblem,
    resolve,
)
from rltransfer.training.course import Course, segment_length
from rltransfer.training.interruption import Interruption
from rltransfer.training.online import OnlineRL
from rltransfer.training.sb3_agent import build_agent
from rltransfer.training.sb3_learner import OnCourse, SB3Learner
from rltransfer.training.segments import Memory, Segments

CARTPOLE = rltransfer.make("cartpole")


@pytest.mark.parametrize(
    ("steps", "n_envs", "horizon", "length"),
    [
        (100, 4, 500, 100),  # less than five episodes
        (100_000, 16, 500, 50_000),  # PPO on CartPole
        (200_000, 8, 1000, 40_000),  # PPO on HalfCheetah
        (1_000_000, 1, 1000, 50_000),  # never more than twenty
        (1_000_001, 1, 1000, 50_001),
    ],
)
def test_a_segment_is_a_twentieth_or_five_episodes_of_every_environment(
    steps, n_envs, horizon, length
):
    assert segment_length(steps, n_envs, horizon) == length


class Walker:
    """Takes ten steps a rollout."""

    def __init__(self) -> None:
        self.steps, self.begun, self.ended = 0, [], []

    @property
    def memory(self) -> Memory:
        return Memory({"walker": self})

    def state(self):
        return {"steps": self.steps}

    def restore(self, state):
        self.steps = state["steps"]

    def end_segment(self):
        self.ended.append(self.steps)

    def begin_segment(self, seed):
        self.begun.append((self.steps, seed.spawn_key))

    def walk(self, course, total):
        while self.steps < total:
            course.on_rollout_start()
            self.steps += 10


def test_segments_end_with_the_first_rollout_after_their_length():
    walker = Walker()
    walker.walk(Course(walker, Segments(), np.random.SeedSequence(1), length=25), total=100)
    assert walker.begun == [(30, (1,)), (60, (2,)), (90, (3,))]
    assert walker.ended == [30, 60, 90]


class Clock:
    """A second per look at it."""

    now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


@pytest.mark.parametrize(("left", "end"), [(100.0, 200), (0.5, 110)])
def test_the_pace_so_far_decides_whether_a_segment_is_finished(monkeypatch, left, end):
    interruption, walker = Interruption(), Walker()
    monkeypatch.setattr(Interruption, "left", left)
    course = Course(
        walker, Segments(interruption=interruption), np.random.SeedSequence(1), 200, Clock()
    )
    walker.walk(course, total=110)
    interruption.ask()
    with pytest.raises(Interrupted):
        walker.walk(course, total=1000)
    assert walker.steps == end


# -- what holds the environments -----------------------------------------------------------------


def monitored(env: str):
    return lambda: Monitor(rltransfer.make(env).task().make())


def environments(kind: str, env: str) -> VecEnv:
    if kind == "batch":
        return ContextVecEnv(rltransfer.make(env), [{}] * 2)
    rows = [monitored(env)] * 2
    return DummyVecEnv(rows) if kind == "dummy" else SubprocVecEnv(rows, start_method="fork")


def weights_after(kind: str, algorithm: str) -> dict[str, np.ndarray]:
    small = {"n_steps": 16, "batch_size": 16, "n_epochs": 1}
    other = {"learning_starts": 20, "batch_size": 8, "buffer_size": 80}
    settings = AlgorithmSettings(algorithm, 128, 2, True, small if algorithm == "PPO" else other)
    venv = environments(kind, "cartpole")
    agent = build_agent(settings, venv, seed=3)
    assert isinstance(agent.env, VecNormalize)
    course = Course(SB3Learner(agent), Segments(), np.random.SeedSequence(3), length=40)
    by_steps = ConvertCallback(lambda *_: True)  # whole rollouts differ in their last bits
    agent.learn(128, callback=CallbackList([OnCourse(course), by_steps]))
    venv.close()
    return {name: tensor.numpy().copy() for name, tensor in agent.policy.state_dict().items()}


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
@pytest.mark.parametrize("kind", ["dummy", "subprocess"])
def test_it_does_not_matter_what_holds_the_environments(kind, algorithm):
    found, batched = weights_after(kind, algorithm), weights_after("batch", algorithm)
    for name, array in batched.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


class Judge(SilentMonitor):
    """Scores by twenty episodes, and remembers."""

    def __init__(self, problem: TrainingProblem) -> None:
        self.problem, self.scores = problem, []

    def score(self, policy):
        found = evaluate(policy, self.problem.env, self.problem.contexts, 20, seed=1)
        self.scores.append(float(found.returns.mean()))
        return self.scores[-1]


@pytest.mark.slow
def test_cutting_costs_less_than_a_standard_error():
    """Ten trainings in segments of two episodes of every environment, and ten in one piece."""
    problem = TrainingProblem(CARTPOLE, [{}])
    known = CARTPOLE.spec.training["PPO"].model_copy(update={"steps": 64_000})
    settings = resolve("PPO", known, CARTPOLE)
    horizons = settings.n_envs * CARTPOLE.spec.horizon

    def late_score(segment: int, seed: int) -> float:
        judge = Judge(problem)
        stage = OnlineRL(settings, looks=10, segment=segment)
        stage.run(problem, HeadStart(), np.random.SeedSequence(seed), judge)
        return float(np.mean(judge.scores[-5:]))

    cut, whole = (
        np.array([late_score(segment, seed) for seed in range(10)])
        for segment in (2 * horizons, settings.steps)
    )
    error = np.sqrt((cut.var(ddof=1) + whole.var(ddof=1)) / 10)
    assert cut.mean() > whole.mean() - error, (cut.mean(), whole.mean(), error)
