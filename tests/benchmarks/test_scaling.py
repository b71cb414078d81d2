"""The simulation of many workers: studies are real, and the controller's time is added up."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "scaling"))

from crew import Simulated
from simulate import summary
from stopwatch import DECISION, Stopwatch

from rltransfer.experiment.lanes import Lane
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.spec import Experiment


def test_a_simulated_study_is_a_run_like_any_other(tmp_path):
    study = Experiment.of(
        "cartpole", vary=["length"], targets=9, rounds=3, evaluation={"episodes": 2},
        selection={"selector": "equidistant", "compare": ["independent"]},
    )  # fmt: skip
    watch, before = Stopwatch(), vars(Lane)["replay"]
    with watch.attached():
        (run,) = run_experiment(study, tmp_path, backend=Simulated(4, 0.01, study), events=watch)
    assert vars(Lane)["replay"] is before
    assert {record.context for record in run.sources().values()} == set(study.sources())
    found = summary(watch, 1.0)
    assert found["sources"] == 9
    assert found["decisions"] == 4  # one for each round, and one that the dashboard asks for
    assert sum(watch.seconds.values()) == pytest.approx(watch.busy[-1], rel=0.9)
    assert min(found["parts"].values()) >= 0


def test_a_part_within_a_part_counts_once(monkeypatch):
    clock = iter([0.0, 1.0, 5.0, 6.0])
    monkeypatch.setattr("stopwatch.time.thread_time", lambda: next(clock))
    watch = Stopwatch()
    inner = watch.timed(DECISION, lambda: None)
    watch.timed("replay of the lanes", inner)()
    assert watch.seconds[DECISION] == 4.0
    assert watch.seconds["replay of the lanes"] == 2.0
