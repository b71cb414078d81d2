"""Trainings in an environment that are ended anywhere come to what they would have come to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import rltransfer
from rltransfer.data import Transitions
from rltransfer.envs import TrainingDefaults
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import Interrupted
from rltransfer.training import (
    HeadStart,
    OnlineRL,
    SilentMonitor,
    Trainer,
    TrainingProblem,
    resolve,
)
from rltransfer.training.finetuning import FineTuning, Pace
from rltransfer.training.interruption import Interruption
from rltransfer.training.iql_agent import IQLUpdate
from rltransfer.training.iql_online import OnlineIQL
from rltransfer.training.offline.extraction import ExtractIQL
from rltransfer.training.offline.iql import FitIQL
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.recording import RecordingVecEnv
from tests.training.breaking import Killed, Scale, differences, killed_after_boundary, train

TINY = {"n_steps": 16, "batch_size": 32, "n_epochs": 2}
OFF_POLICY = {
    "buffer_size": 100,
    "learning_starts": 20,
    "batch_size": 8,
    "policy_kwargs": {"net_arch": [6]},
}
LENGTHS = [{"length": 0.1 * k} for k in range(1, 13)]


@dataclass(frozen=True)
class Case:
    """An algorithm on a family; four segments."""

    algorithm: str
    env: str
    settings: dict[str, Any]
    normalize: bool = False
    n_envs: int = 2
    steps: int = 256
    contexts: list[dict[str, float]] = field(default_factory=lambda: [{}])
    sampler: str = "rounds"

    def __str__(self) -> str:
        words = [self.algorithm, self.env, "sde" if "use_sde" in self.settings else ""]
        words += ["normalized" if self.normalize else "", f"{len(self.contexts)} {self.sampler}"]
        return "-".join(word for word in words if word)

    @property
    def problem(self) -> TrainingProblem:
        return TrainingProblem(rltransfer.make(self.env), self.contexts)

    @property
    def stage(self) -> OnlineRL:
        defaults = TrainingDefaults(
            origin="", steps=self.steps, n_envs=self.n_envs, normalize=self.normalize
        )
        settings = resolve(self.algorithm, defaults, rltransfer.make(self.env), self.settings)
        return OnlineRL(
            settings, looks=6, record=200, contexts=self.sampler, segment=self.steps // 4
        )


NOISE = {"noise_type": "ornstein-uhlenbeck", "noise_std": 0.1}
CASES = [
    Case("PPO", "cartpole", TINY),
    Case("PPO", "pendulum", TINY, normalize=True),
    Case("PPO", "pendulum", {**TINY, "use_sde": True, "sde_sample_freq": 4}, normalize=True),
    Case("PPO", "cartpole", TINY, contexts=LENGTHS),
    Case("PPO", "cartpole", TINY, contexts=LENGTHS, sampler="mpts", steps=1024),
    Case("A2C", "cartpole", {"n_steps": 8}, normalize=True),
    Case("DQN", "cartpole", {**OFF_POLICY, "exploration_fraction": 1.0}),
    Case("DQN", "cartpole", {**OFF_POLICY, "n_steps": 3}, normalize=True, n_envs=1, steps=120),
    Case("SAC", "pendulum", OFF_POLICY, normalize=True, n_envs=1, steps=80),
    Case("SAC", "pendulum", {**OFF_POLICY, "use_sde": True}, n_envs=1, steps=80),
    Case("TD3", "pendulum", {**OFF_POLICY, **NOISE}, steps=160),
]


SLOW = pytest.mark.slow


@pytest.mark.parametrize("number", [2, pytest.param(1, marks=SLOW), pytest.param(3, marks=SLOW)])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_training_that_is_ended_anywhere_comes_to_the_same(case, number, tmp_path):
    problem, stages = case.problem, [case.stage]
    whole = train(stages, problem)
    with pytest.raises(Killed), killed_after_boundary(number):
        train(stages, problem, folder=tmp_path)
    assert differences(train(stages, problem, folder=tmp_path), whole) == []


@pytest.mark.parametrize(
    "env",
    [
        "hopper",
        pytest.param("halfcheetah", marks=SLOW),
        pytest.param("ring_road", marks=SLOW),
        pytest.param("eco_driving", marks=SLOW),
        pytest.param("lunar_lander_continuous", marks=SLOW),
        pytest.param("bipedal_walker", marks=SLOW),
        pytest.param("eco_driving_sumo", marks=SLOW),
    ],
)
def test_no_simulator_remembers_the_segment_before(env, tmp_path):
    """What went on in a used simulator goes on in a fresh one."""
    case = Case("PPO", env, TINY, normalize=True)
    whole = train([case.stage], case.problem)
    with pytest.raises(Killed), killed_after_boundary(2):
        train([case.stage], case.problem, folder=tmp_path)
    assert differences(train([case.stage], case.problem, folder=tmp_path), whole) == []


def test_wherever_it_is_ended_and_however_often(tmp_path):
    case = CASES[1]
    whole = train([case.stage], case.problem)
    for last in range(5):
        folder = tmp_path / str(last)
        for moment in (last, 1, 0):
            with suppress(Killed):
                train([case.stage], case.problem, folder=folder, last=moment)
        assert differences(train([case.stage], case.problem, folder=folder), whole) == []


def test_the_last_boundary_is_damaged(tmp_path, caplog):
    case = CASES[6]
    whole = train([case.stage], case.problem)
    with pytest.raises(Killed), killed_after_boundary(3):
        train([case.stage], case.problem, folder=tmp_path)
    (path,) = tmp_path.glob("*-segments/000003/state.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    assert differences(train([case.stage], case.problem, folder=tmp_path), whole) == []
    assert "goes on from a boundary before" in caplog.text


def test_nothing_kept_or_everything_kept_is_the_same_training(tmp_path):
    case = CASES[0]
    unkept = Trainer([case.stage]).train(case.problem, 3, Scale())
    assert differences(train([case.stage], case.problem, folder=tmp_path), unkept) == []


def test_fine_tuning_goes_on_with_its_step_size(tmp_path):
    case = CASES[1]
    start = HeadStart(policy=train([case.stage], case.problem, seed=8).policy)
    pace = Pace(actor_rate=3e-4, critic_rate="lin_0.001", desired_kl=0.01, warm_up=2)
    stages = [FineTuning(case.stage.settings, looks=6, segment=64, pace=pace)]
    whole = train(stages, case.problem, start)
    for number in (1, 2, 3):
        with pytest.raises(Killed), killed_after_boundary(number):
            train(stages, case.problem, start, tmp_path)
    assert differences(train(stages, case.problem, start, tmp_path), whole) == []


def random_data(problem: TrainingProblem) -> Transitions:
    venv = RecordingVecEnv(ContextVecEnv(problem.env, list(problem.contexts)), limit=300)
    venv.seed(0)
    venv.action_space.seed(0)
    venv.reset()
    for _ in range(150):
        venv.step(np.array([venv.action_space.sample() for _ in range(venv.num_envs)]))
    return venv.transitions()


def test_online_iql_goes_on_with_what_it_remembers(tmp_path):
    problem = TrainingProblem(rltransfer.make("cartpole"), [{"length": 0.3}, {"length": 2.0}])
    start, view = HeadStart(data=random_data(problem)), DataView(bandwidth=0.3)
    network = NetworkSpec(actor=(6,), critic=(6,), activation="tanh")
    stages = [
        FitIQL(view, hidden=(6,), steps=20, batch=16),
        ExtractIQL(network, view, steps=20, batch=16),
        OnlineIQL(80, view, 2, update=IQLUpdate(batch=16), looks=4, record=30, segment=20),
    ]
    whole = train(stages, problem, start)
    for number in (1, 2, 3):
        with pytest.raises(Killed), killed_after_boundary(number):
            train(stages, problem, start, tmp_path)
    assert differences(train(stages, problem, start, tmp_path), whole) == []


# -- asked to stop -------------------------------------------------------------------------------


class Asks(SilentMonitor):
    """Asks a training to stop at its n-th look."""

    def __init__(self, interruption: Interruption, at: int) -> None:
        self.interruption, self.left = interruption, at

    def score(self, policy):
        self.left -= 1
        if self.left == 0:
            self.interruption.ask()
        return Scale().score(policy)


@pytest.mark.parametrize(("grace", "kept"), [(60.0, {"000002", "rows-000002"}), (-1.0, set())])
def test_who_is_asked_to_stop_finishes_the_segment_if_there_is_time(tmp_path, grace, kept):
    case = CASES[0]
    trainer, interruption = Trainer([case.stage]), Interruption(grace)
    with pytest.raises(Interrupted, match="can go on from"):
        trainer.train(
            case.problem, 3, Asks(interruption, 1), None, tmp_path, interruption=interruption
        )
    assert {place.name for place in tmp_path.glob("*-segments/*")} == kept
    whole = trainer.train(case.problem, 3, Scale())
    assert differences(train([case.stage], case.problem, folder=tmp_path), whole) == []


def test_who_asks_before_a_training_begins_is_heard(tmp_path):
    case, interruption = CASES[0], Interruption()
    interruption.ask()
    with pytest.raises(Interrupted, match="from the beginning of a stage"):
        Trainer([case.stage]).train(case.problem, 3, None, None, tmp_path, interruption)
