from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import rltransfer
from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.errors import StorageError
from rltransfer.training import (
    CurvePoint,
    HeadStart,
    Policy,
    StageResult,
    Trainer,
    TrainingProblem,
    TrainingResult,
    resolve,
    stage_folder,
)
from rltransfer.training.offline.fresh import fresh_policy, network_of, spec_for

CARTPOLE = rltransfer.make("cartpole")
PROBLEM = TrainingProblem(CARTPOLE, [{}])
SETTINGS = resolve("PPO", CARTPOLE.spec.training["PPO"], CARTPOLE)
SPEC = spec_for(PROBLEM, network_of(SETTINGS), None)


def data(seed: int, T: int = 5) -> Transitions:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2, T, 4)).astype(np.float32)
    last = np.arange(T) == T - 1
    return Transitions(
        x[0], rng.integers(0, 2, T), np.ones(T, np.float32), x[1], last, np.zeros(T, bool),
        np.zeros(T, np.int32), (Context(length=0.5),),
    )  # fmt: skip


@dataclass
class Draws:
    """A stage that adds random policies and data, and may stop its training."""

    name: str
    fails: bool = field(default=False, repr=False)
    runs: list[str] = field(default_factory=list, repr=False)
    starts: list[HeadStart] = field(default_factory=list, repr=False)

    def run(self, problem, start, seed, monitor) -> StageResult:
        if self.fails:
            raise KeyboardInterrupt
        self.runs.append(self.name)
        self.starts.append(start)
        rng = np.random.default_rng(seed)
        members = tuple(fresh_policy(SPEC, rng) for _ in range(2))
        learned = start.having(policy=members[1], members=members)
        score = float(rng.normal())
        return StageResult(
            learned, 10, score, (CurvePoint(5, score),), {"score": score, "each": [1, 2]},
            recorded=data(int(rng.integers(99))),
        )  # fmt: skip


@dataclass
class Keeps(Draws):
    """A stage that changes nothing."""

    def run(self, problem, start, seed, monitor) -> StageResult:
        self.runs.append(self.name)
        return StageResult(start, 0, 0.25)


def same(one: Policy, other: Policy) -> bool:
    return one.spec == other.spec and all(
        np.array_equal(one.weights[name], other.weights[name]) for name in one.weights
    )


def assert_same(one: TrainingResult, other: TrainingResult) -> None:
    assert same(one.policy, other.policy)
    assert (one.steps, one.seconds, one.curve) == (other.steps, other.seconds, other.curve)
    for a, b in zip(one.results, other.results, strict=True):
        assert a.findings == b.findings
        assert len(a.learned.members) == len(b.learned.members)
        assert all(map(same, a.learned.members, b.learned.members))
        assert (a.recorded is None) == (b.recorded is None)
        if a.recorded is not None:
            np.testing.assert_array_equal(a.recorded.observations, b.recorded.observations)


def train(stages, folder=None, seed=3, start=None):
    return Trainer(stages).train(PROBLEM, seed, start=start, checkpoints=folder)


def chain(fails: bool = False) -> list[Draws]:
    return [Draws("one"), Keeps("two"), Draws("three", fails)]


def test_what_was_interrupted_goes_on_after_its_last_stage(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(chain(fails=True), tmp_path)
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["00-one", "01-two"]


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_the_result_is_the_same_wherever_it_went_on(tmp_path, kept):
    start = HeadStart(data=data(1))
    whole = train(chain(), start=start)
    train(chain(), tmp_path, start=start)
    folders = sorted(tmp_path.iterdir())
    for folder in folders[kept:]:
        shutil.rmtree(folder)
    stages = chain()
    found = train(stages, tmp_path, start=start)
    assert [stage.runs for stage in stages] == [[], [], []][:kept] + [
        [stage.name] for stage in stages[kept:]
    ]
    assert [r.seconds for r in found.results] == [r.seconds for r in whole.results]
    assert_same(found, whole)
    assert found.results[-1].learned.data is start.data


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 4},
        {"start": HeadStart(data=data(2))},
        {"start": HeadStart(policy=fresh_policy(SPEC, np.random.default_rng(0)))},
        {"start": HeadStart(anchor=fresh_policy(SPEC, np.random.default_rng(0)))},
        {"stages": [Draws("one"), Draws("two"), Draws("three")]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_training_does_not_take_what_it_finds(tmp_path, change):
    train(chain(), tmp_path)
    given = {"stages": chain(), **change}
    train(folder=tmp_path, **given)
    assert given["stages"][-1].runs == ["three"]


@pytest.mark.parametrize("name", ["policy", "member-1", "recorded", "result"])
def test_what_is_damaged_is_trained_again(tmp_path, name):
    whole = train(chain(), tmp_path)
    suffix = "json" if name == "result" else "safetensors"
    (victim,) = (tmp_path / "00-one" / name).glob(f"[!M]*.{suffix}")
    victim.write_bytes(victim.read_bytes()[:-3])
    stages = chain()
    assert_same(train(stages, tmp_path), whole)
    assert [stage.runs for stage in stages] == [["one"], [], []]


def test_a_disk_that_refuses_does_not_end_a_training(tmp_path, monkeypatch):
    def full(folder: Path, fill) -> None:
        raise StorageError("full")

    monkeypatch.setattr(stage_folder, "commit_folder", full)
    assert_same(train(chain(), tmp_path), train(chain()))
