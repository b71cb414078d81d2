from dataclasses import replace
from pathlib import Path

import pytest

from rltransfer.errors import MissingDependency
from rltransfer.experiment.attempt import logs_of
from rltransfer.experiment.job import Job
from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.solo import SoloSpec
from rltransfer.experiment.spec import Experiment
from rltransfer.training import tensorboard


def job_of(study):
    lineage = Lineage(study.sources()[0])
    return Job.on_source(study, lineage, Path("w"), parents={}, record=0)


def test_every_training_has_a_folder_of_its_own():
    study = Experiment.of("cartpole", vary=["length"], targets=3, rounds=2, name="logged",
                          training={"tensorboard": "logs"})  # fmt: skip
    job = job_of(study)
    assert logs_of(job, study) == Path("logs/logged/seed-0") / job.label
    child = replace(job, parents={"k": Path("p")})
    assert logs_of(child, study) != logs_of(job, study)


def test_nobody_wants_logs():
    study = Experiment.of("cartpole", vary=["length"], targets=3, rounds=2)
    assert logs_of(job_of(study), study) is None


def test_where_logs_go_changes_no_result():
    plain = Experiment.of("cartpole", vary=["length"], targets=3, rounds=2)
    logged = Experiment.of("cartpole", vary=["length"], targets=3, rounds=2,
                           training={"tensorboard": "logs"})  # fmt: skip
    assert plain.digest == logged.digest
    assert logged.resolved().training.tensorboard == "logs"


def test_what_is_missing_is_said_before_anything_is_trained(monkeypatch, tmp_path):
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    study = Experiment.of("cartpole", vary=["length"], targets=3, rounds=2,
                          training={"tensorboard": "logs"})  # fmt: skip
    with pytest.raises(MissingDependency, match=r"pip install \"rltransfer\[track\]\""):
        run_experiment(study, tmp_path / "runs")
    with pytest.raises(MissingDependency, match="need tensorboard"):
        SoloSpec("cartpole", tensorboard=Path("logs")).training()
    assert not list(tmp_path.iterdir())
