"""Offline stages that are ended anywhere come to what they would have come to."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.training import HeadStart
from rltransfer.training.offline import cloning, critic_fit, dynamics_fit, extraction
from rltransfer.training.offline.cloning import Cloning
from rltransfer.training.offline.dynamics_fit import FitDynamics
from rltransfer.training.offline.extraction import ExtractIQL
from rltransfer.training.offline.improvement import Improvement
from rltransfer.training.offline.iql import FitIQL
from rltransfer.training.offline.sarsa import FitSarsa
from rltransfer.training.offline.scorers import AMQ, ModelReturn
from rltransfer.training.offline.strides import Strides
from rltransfer.training.offline.value import FitValue
from rltransfer.training.offline.view import DataView
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.torch_state import ArrayState
from tests.training.breaking import Killed, differences, killed_after_boundary, train

VIEW = DataView(gamma=0.9)
NETWORK = NetworkSpec(actor=(8,), critic=(8,), activation="tanh")
SMALL = {"hidden": (8,), "batch": 16}
CLONING = Cloning(NETWORK, VIEW, members=2, steps=90, batch=16)
CRITIC = FitIQL(VIEW, steps=90, **SMALL)
MODEL = FitDynamics(VIEW, members=2, hidden_ends=(4,), steps=90, patience=50, **SMALL)
STAGES = {
    "cloning": ([], CLONING),
    "cloning in torch": ([], Cloning(NETWORK, VIEW, 2, steps=90, batch=16, diversity=0.1)),
    "iql": ([CLONING], CRITIC),
    "sarsa": ([CLONING], FitSarsa(VIEW, steps=90, **SMALL)),
    "dynamics": ([CLONING], MODEL),
    "dynamics that get worse": (
        [CLONING],
        FitDynamics(VIEW, 2, learning_rate=0.3, steps=90, patience=50, **SMALL),
    ),
    "extraction": ([CLONING, CRITIC], ExtractIQL(NETWORK, VIEW, steps=90, batch=16)),
    "value": ([CLONING, CRITIC], FitValue(VIEW, steps=90, batch=16, refresh_every=10)),
    "improvement": (
        [CLONING, CRITIC, MODEL],
        Improvement(
            VIEW, ModelReturn(horizon=5), (AMQ(horizon=5),), steps=90, check_every=10, batch=16,
            starts=8, learning_rate=3e-3,
        ),
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    for module in (cloning, critic_fit, dynamics_fit, extraction):
        monkeypatch.setattr(module, "SEGMENT", 40)
    for module in (cloning, critic_fit, extraction):
        monkeypatch.setattr(module, "REPORT", 20)
    monkeypatch.setattr(dynamics_fit, "LOOK_EVERY", 10)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_that_is_ended_anywhere_comes_to_the_same(chain, tmp_path, name):
    before, stage = STAGES[name]
    start = HeadStart(data=chain.data)
    whole = train([*before, stage], chain.problem, start)
    if before:
        train(before, chain.problem, start, tmp_path)
    with pytest.raises(Killed), killed_after_boundary(2):
        train([*before, stage], chain.problem, start, tmp_path)
    assert list(tmp_path.glob("*-segments/*"))
    found = train([*before, stage], chain.problem, start, tmp_path)
    assert differences(found, whole) == []
    assert not list(tmp_path.glob("*-segments"))


@pytest.mark.parametrize("last", [0, 2, 3, 4])
def test_a_fit_that_is_ended_between_two_boundaries_comes_to_the_same(chain, tmp_path, last):
    start = HeadStart(data=chain.data)
    whole = train([CLONING], chain.problem, start)
    with pytest.raises(Killed):
        train([CLONING], chain.problem, start, tmp_path, last)
    assert differences(train([CLONING], chain.problem, start, tmp_path), whole) == []


def test_strides_are_as_long_as_said_and_draw_other_numbers():
    strides = Strides([np.random.SeedSequence(5)])
    drawn = []
    for stride in strides.of(25, 10, nothing=ArrayState()):
        drawn.append((stride, strides.rngs[0].random()))
    assert [stride for stride, _ in drawn] == [range(10), range(10, 20), range(20, 25)]
    assert len({number for _, number in drawn}) == 3
    first = np.random.default_rng(np.random.SeedSequence(5)).random()
    assert drawn[0][1] == first
