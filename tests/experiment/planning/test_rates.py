import numpy as np
import pytest

from rltransfer.errors import CorruptRun, InvalidExperiment
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.planning import Range, Rates, calibrated, rates_of
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord


def study(env="cartpole", **tables):
    return Experiment.of(env, vary=["length"], targets=9, rounds=3, **tables)


def record(seconds, steps=1000, evaluation=0.5, length=50):
    lengths = np.full((9, 2), length)
    return SourceRecord(
        key="x", context=None, returns=np.zeros((9, 2)), lengths=lengths, curve=(), steps=steps,
        seconds=seconds, seed=0, started=100.0, finished=100.0 + seconds + evaluation, stages=(),
    )  # fmt: skip


def test_rates_are_seconds_for_each_step():
    rates = Rates.of_records([record(2.0)] * 3, "made up")
    assert rates.train == pytest.approx(Range(2e-3, 2e-3))
    assert rates.play == pytest.approx(Range(0.5 / 900, 0.5 / 900))
    assert rates.episode == pytest.approx(Range(50, 50))


def test_a_slow_first_training_widens_the_range():
    slow = Rates.of_records([record(10.0), *[record(2.0)] * 9], "made up").train
    assert slow.low == pytest.approx(2e-3)
    assert 2e-3 < slow.high < 10e-3


def test_a_run_tells_its_rates(tmp_path, stub):
    (run,) = run_experiment(study(), tmp_path)
    rates = rates_of(run.path, study())
    assert rates.source.startswith("3 trainings of ")
    assert rates.train.low == pytest.approx(1.0 / 100_000)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (study("pendulum"), "has env cartpole, and this study pendulum"),
        (study(training={"algorithm": "DQN"}), "has algorithm PPO, and this study DQN"),
        (study(training={"recipe": "uni-o4"}), "trains from-scratch, and this study uni-o4"),
    ],
)
def test_rates_of_something_else_are_refused(tmp_path, stub, other, message):
    (run,) = run_experiment(study(), tmp_path)
    with pytest.raises(InvalidExperiment, match=message):
        rates_of(run.path, other)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(CorruptRun, match="is not a run"):
        rates_of(tmp_path, study())


def test_a_calibration_measures_what_a_training_takes():
    rates = calibrated(study(training={"steps": 4096}))
    assert 1e-7 < rates.train.low <= rates.train.high < 1e-2
    assert 1 <= rates.episode.low <= rates.episode.high <= 500
    assert rates.source.startswith("3 trainings of 4,096 steps here")
    assert not rates.cautions
