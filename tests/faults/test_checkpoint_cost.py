"""What keeping a training resumable costs: at most a fiftieth of its time."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest

import rltransfer
from rltransfer.training import Trainer, TrainingProblem, resolve
from rltransfer.training.online import OnlineRL
from rltransfer.training.thrift import Thrift

SHARE = 0.02
STEPS = 600_000


@pytest.fixture
def writings(monkeypatch) -> list[float]:
    """The seconds that each boundary takes to write."""
    seconds: list[float] = []
    timed = Thrift.timed

    @contextmanager
    def measured(self):
        began = time.perf_counter()
        with timed(self):
            yield
        seconds.append(time.perf_counter() - began)

    monkeypatch.setattr(Thrift, "timed", measured)
    return seconds


@pytest.mark.slow
@pytest.mark.parametrize("env", ["cartpole", "pendulum"])
def test_checkpoints_cost_a_fiftieth_at_most(tmp_path, writings, env):
    family = rltransfer.make(env)
    defaults = family.spec.training["PPO"].model_copy(update={"steps": STEPS})
    stage = OnlineRL(resolve("PPO", defaults, family))
    began = time.perf_counter()
    Trainer([stage]).train(TrainingProblem(family, [{}]), seed=0, checkpoints=tmp_path)
    total = time.perf_counter() - began
    assert len(writings) >= 2
    assert sum(writings) <= SHARE * total
