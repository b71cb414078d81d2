from __future__ import annotations

import time

import numpy as np
import pytest

import rltransfer
from rltransfer.envs import TrainingDefaults
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import InvalidDataset
from rltransfer.training import HeadStart, OnlineRL, SilentMonitor, TrainingProblem, resolve
from rltransfer.training.recording import RecordingVecEnv

CARTPOLE = rltransfer.make("cartpole")
PENDULUM = rltransfer.make("pendulum")
LENGTHS = (0.3, 0.6, 0.9, 1.2)


def wandering(rows, limit, observe=()):
    """Rows whose every episode has another length of the pole."""
    drawn = iter(np.tile(LENGTHS, 10_000))
    contexts = [{"length": next(drawn)} for _ in range(rows)]
    venv = ContextVecEnv(
        CARTPOLE, contexts, observe=observe, next_context=lambda _: {"length": next(drawn)}
    )
    venv.seed(0)
    return RecordingVecEnv(venv, limit)


def run(venv, steps, seed=0):
    rng = np.random.default_rng(seed)
    venv.reset()
    ends = 0
    for _ in range(steps):
        _, _, dones, _ = venv.step(rng.integers(2, size=venv.num_envs))
        ends += dones.sum()
    return ends


@pytest.mark.parametrize("observe", [(), ("length",), ("gravity", "length")])
def test_each_step_is_what_its_context_does(observe):
    """Each recorded step, taken again in the recorded context, ends where it was recorded."""
    venv = wandering(3, 10_000, observe)
    ends = run(venv, 200)
    data = venv.transitions()
    assert len(data) == 600
    assert data.observations.shape[1] == 4
    assert data.terminated.sum() == ends
    assert {x["length"] for x in data.contexts} == set(LENGTHS)
    batch = CARTPOLE.batch([data.contexts[i] for i in data.context_index])
    batch.reset(np.arange(600), data.observations.astype(np.float64))
    step = batch.step(data.actions)
    np.testing.assert_allclose(step.observations, data.next_observations, atol=1e-5)
    np.testing.assert_array_equal(step.terminated, data.terminated)


def test_episodes_are_chained():
    venv = wandering(3, 10_000)
    run(venv, 100)
    data = venv.transitions()
    inside = ~data.ends[:-1]
    assert np.array_equal(data.next_observations[:-1][inside], data.observations[1:][inside])
    assert np.abs(data.observations[data.starts]).max() <= 0.05
    assert data.truncated.sum() <= 3


def test_time_limits_are_truncations():
    venv = RecordingVecEnv(ContextVecEnv(PENDULUM, [{}] * 2), 10_000)
    venv.reset()
    for _ in range(450):
        venv.step(np.zeros((2, 1), np.float32))
    data = venv.transitions()
    assert data.episode_lengths.tolist() == [200, 200, 50] * 2
    assert not data.terminated.any()
    assert data.truncated.sum() == 6


@pytest.mark.parametrize("limit", [1, 7, 100, 299])
def test_the_last_steps_are_kept(limit):
    venv, whole = wandering(2, limit), wandering(2, 10_000)
    run(venv, 150), run(whole, 150)
    data, kept = venv.transitions(), max(1, limit // 2)
    assert len(data) == 2 * kept
    rows = whole.transitions().observations.reshape(2, 150, 4)
    np.testing.assert_array_equal(data.observations.reshape(2, kept, 4), rows[:, 150 - kept :])


def test_a_reset_ends_what_was_under_way():
    venv = wandering(2, 1000)
    run(venv, 3), run(venv, 3)
    data = venv.transitions()
    assert data.episode_lengths.tolist() == [3, 3, 3, 3]
    assert data.truncated.sum() == 4


def test_nothing_was_seen_yet():
    with pytest.raises(InvalidDataset, match="not a single step"):
        wandering(2, 10).transitions()


def test_training_is_the_same_and_its_rollouts_are_kept():
    hyperparameters = {"n_steps": 16, "batch_size": 32, "n_epochs": 2}
    defaults = TrainingDefaults(origin="", steps=256, n_envs=4, normalize=True)
    settings = resolve("PPO", defaults, CARTPOLE, hyperparameters)
    problem = TrainingProblem(CARTPOLE, [{}, {"length": 1.0}], observe=("length",))

    def train(record):
        stage = OnlineRL(settings, record=record)
        return stage.run(problem, HeadStart(), np.random.SeedSequence(1), SilentMonitor())

    plain, recorded = train(0), train(1000)
    assert plain.recorded is None
    assert len(recorded.recorded) == 256
    assert set(recorded.recorded.contexts) == set(problem.contexts)
    for name, weight in plain.policy.weights.items():
        np.testing.assert_array_equal(weight, recorded.policy.weights[name])


@pytest.mark.slow
def test_recording_costs_little():
    def seconds(venv):
        venv.reset()
        actions = np.zeros((16, 1), np.float32)
        began = time.process_time()
        for _ in range(2000):
            venv.step(actions)
        return time.process_time() - began

    rows = [{}] * 16
    plain = min(seconds(ContextVecEnv(PENDULUM, rows)) for _ in range(3))
    recorded = min(
        seconds(RecordingVecEnv(ContextVecEnv(PENDULUM, rows), 50_000)) for _ in range(3)
    )
    assert recorded - plain < 2000 * 50e-6  # PPO takes some 500 µs for such a step
