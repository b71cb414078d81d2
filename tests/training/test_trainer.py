from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

import rltransfer
from rltransfer.errors import InvalidExperiment
from rltransfer.training import CurvePoint, HeadStart, StageResult, Trainer, TrainingProblem

PROBLEM = TrainingProblem(rltransfer.make("cartpole"), [{}])


@dataclass
class Recorder:
    """A stage that trains nothing and remembers what it was given."""

    name: str
    policy: Any
    calls: list = field(default_factory=list)

    def run(self, problem, start, seed, monitor):
        self.calls.append((problem, start, tuple(seed.generate_state(2)), monitor))
        curve = (CurvePoint(50, 1.0), CurvePoint(100, 2.0))
        return StageResult(start.having(policy=self.policy), 100, 0.5, curve)


def test_each_stage_starts_from_what_those_before_have_learned():
    first, second = Recorder("one", "p1"), Recorder("two", "p2")
    monitor = object()
    result = Trainer([first, second]).train(PROBLEM, seed=7, monitor=monitor)
    assert result.policy == "p2"
    assert result.stages == ("one", "two")
    assert (result.steps, result.seconds) == (200, 1.0)
    assert result.curve == ((50, 1.0), (100, 2.0), (150, 1.0), (200, 2.0))
    assert [call[0] for call in first.calls + second.calls] == [PROBLEM, PROBLEM]
    starts = [call[1] for call in first.calls + second.calls]
    assert starts == [HeadStart(), HeadStart(policy="p1")]
    assert all(call[3] is monitor for call in first.calls + second.calls)


def test_the_first_stage_gets_the_head_start():
    stage = Recorder("one", "p1")
    start = HeadStart(policy="known", members=("a", "b"))
    Trainer([stage]).train(PROBLEM, seed=7, start=start)
    assert stage.calls[0][1] is start


def test_stages_have_seeds_of_their_own_that_follow_from_the_one_given():
    def seeds(seed):
        stages = [Recorder("one", "p"), Recorder("two", "p")]
        Trainer(stages).train(PROBLEM, seed=seed)
        return [stage.calls[0][2] for stage in stages]

    assert seeds(1) == seeds(1)
    assert len({*seeds(1), *seeds(2)}) == 4


def test_needs_a_stage():
    with pytest.raises(InvalidExperiment, match="at least one stage; got none"):
        Trainer([])


def test_the_last_stage_must_make_a_policy():
    with pytest.raises(InvalidExperiment, match="must make a policy"):
        Trainer([Recorder("one", None)]).train(PROBLEM, seed=0)
