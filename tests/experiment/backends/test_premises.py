from dataclasses import replace

import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.backends.premises import shared_premises


@pytest.fixture
def run(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def test_a_worker_works_where_the_controller_does(run, monkeypatch, tmp_path):
    with shared_premises(run) as premises:
        monkeypatch.chdir("/")
        premises.enter()
        assert premises.home == tmp_path / "home"
        assert premises.home.samefile(".")
    assert not list(run.iterdir())  # nothing is left


def test_a_worker_that_does_not_see_the_run_says_so(run):
    with shared_premises(run) as premises:
        elsewhere = replace(premises, word="another folder of this name")
        with pytest.raises(InvalidExperiment, match=r"does not see \S*/run as .* one file system"):
            elsewhere.enter()
    with pytest.raises(InvalidExperiment, match="does not see"):
        premises.enter()  # the controller is gone


def test_a_worker_needs_the_controllers_own_folder_too(run, tmp_path):
    with shared_premises(run) as premises:
        (tmp_path / "home").rmdir()
        with pytest.raises(InvalidExperiment, match=r"does not see \S*/home as"):
            premises.enter()


def test_a_worker_with_another_version_names_it(run):
    with shared_premises(run) as premises:
        other = replace(premises, conditions={**premises.conditions, "libraries.torch": "1.0"})
        with pytest.raises(InvalidExperiment, match=r"torch 2\S+ instead of 1\.0"):
            other.enter()


def test_what_a_killed_controller_left_is_removed(run):
    left = run / ".tmp-1-premises"  # process 1 lives, on whichever machine that was
    left.mkdir()
    (left / "a-leave").touch()
    with shared_premises(run) as premises:
        assert not left.exists()
        assert premises.leave().parent == premises.folder
