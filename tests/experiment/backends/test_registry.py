import sys

import pytest

from rltransfer.errors import InvalidExperiment, MissingDependency, UnknownName
from rltransfer.experiment.backends import Local, Wish, make_backend
from rltransfer.experiment.backends.dask import Dask
from rltransfer.experiment.backends.slurm import Queue, SlurmJobs


def test_each_backend_by_name():
    assert make_backend("local", Wish()) == Local(1)
    assert make_backend("dask", Wish(address="tcp://a:1")) == Dask("tcp://a:1")
    queue = make_backend("slurm", Wish(jobs=7, partition="short", time=30))
    assert queue == Queue(SlurmJobs("short", 30), 7)


def test_an_unknown_backend_is_named_with_the_closest():
    with pytest.raises(UnknownName, match="unknown backend 'desk'; did you mean 'dask'"):
        make_backend("desk", Wish())


@pytest.mark.parametrize(
    ("name", "wish", "message"),
    [
        (
            "local",
            Wish(address="tcp://a:1"),
            "--address goes with --backend dask, not with 'local'",
        ),
        ("dask", Wish(address="tcp://a:1", time=9), "--time goes with --backend slurm"),
        ("dask", Wish(), "'dask' needs --address"),
        ("slurm", Wish(partition="short"), "'slurm' needs --jobs"),
    ],
)
def test_options_that_do_not_fit_are_refused(name, wish, message):
    with pytest.raises(InvalidExperiment, match=message):
        make_backend(name, wish)


def test_a_missing_library_is_named_with_its_extra(monkeypatch, tmp_path):
    for library in ("distributed", "submitit"):
        monkeypatch.setitem(sys.modules, library, None)
    extra = r"pip install 'rltransfer\[cluster\]'"
    with (
        pytest.raises(MissingDependency, match=extra),
        make_backend("dask", Wish(address="tcp://a:1")).open(tmp_path),
    ):
        pass
    with (
        pytest.raises(MissingDependency, match=extra),
        make_backend("slurm", Wish(jobs=1)).open(tmp_path),
    ):
        pass


def test_slurm_needs_to_be_there(monkeypatch, tmp_path):
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "")
    with (
        pytest.raises(MissingDependency, match=r"where jobs are submitted.*--backend local"),
        make_backend("slurm", Wish(jobs=1)).open(tmp_path),
    ):
        pass
