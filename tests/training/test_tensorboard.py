"""Logs through Stable-Baselines3's logger; a writer in memory stands for TensorBoard's own."""

import numpy as np
import pytest
from stable_baselines3.common import logger

from rltransfer.envs import make
from rltransfer.errors import MissingDependency
from rltransfer.training import tensorboard
from rltransfer.training.monitor import SilentMonitor
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.recipes import make_recipe

STEPS = 2048


class Writer:
    """Keeps what TensorBoard's writer would put into a file."""

    made: list["Writer"] = []  # noqa: RUF012

    def __init__(self, log_dir):
        self.log_dir, self.scalars, self.closed = log_dir, [], False
        Writer.made.append(self)

    def add_scalar(self, key, value, step):
        self.scalars.append((key, float(value), step))

    def flush(self):
        pass

    def close(self):
        self.closed = True


class Watching(SilentMonitor):
    """Scores every policy with 1, and wants logs."""

    def __init__(self, tensorboard):
        self.tensorboard = tensorboard

    def score(self, policy):
        return 1.0


def train(monitor, algorithm="PPO", steps=STEPS):
    env = make("cartpole")
    defaults = env.spec.training[algorithm].model_copy(update={"steps": steps})
    recipe = make_recipe("from-scratch", algorithm=algorithm, defaults=defaults)
    problem = TrainingProblem(env, [env.space.default])
    return recipe.trainer(env).train(problem, 0, monitor)


@pytest.fixture
def writers(monkeypatch):
    monkeypatch.setattr(Writer, "made", [])
    monkeypatch.setattr(logger, "SummaryWriter", Writer)
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: name)
    return Writer.made


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_a_training_is_logged_as_sb3_logs_it(writers, tmp_path, algorithm):
    train(Watching(tmp_path / "logs"), algorithm)
    (writer,) = writers
    keys = {key for key, _, _ in writer.scalars}
    assert writer.log_dir == str(tmp_path / "logs")
    assert {"train/loss", "train/learning_rate", "eval/mean_reward"} <= keys
    steps = [step for key, _, step in writer.scalars if key == "train/loss"]
    assert steps == sorted(steps)
    assert steps
    assert writer.closed


def test_logs_change_nothing(writers, tmp_path):
    plain, logged = train(Watching(None)), train(Watching(tmp_path))
    assert len(writers) == 1
    assert plain.curve == logged.curve
    for name, weights in plain.policy.weights.items():
        assert np.array_equal(weights, logged.policy.weights[name])


def test_nobody_asks_nothing_is_written(writers, tmp_path):
    train(SilentMonitor())
    assert not writers


def test_without_tensorboard_it_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"need tensorboard, which is not installed"):
        train(Watching(tmp_path / "logs"))
    assert not (tmp_path / "logs").exists()


def test_a_file_is_what_tensorboard_reads(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(Watching(tmp_path))
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    assert "eval/mean_reward" in read.Tags()["scalars"]
