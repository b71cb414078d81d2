"""Where policies are to be trained, and shown: the words, and what is wrong with them."""

import pytest

SMALL = ("run", "cartpole", "--vary", "length", "--targets", 3, "--rounds", 1, "--episodes", 1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--backend", "desk"), "unknown backend 'desk'; did you mean 'dask'? Known: local, dask"),
        (("--backend", "dask"), "the backend 'dask' needs --address"),
        (("--address", "tcp://a:1"), "--address goes with --backend dask, not with 'local'"),
        (("--backend", "slurm"), "the backend 'slurm' needs --jobs"),
        (("--storage", "studies.db"), "a database's URL looks like sqlite:///"),
    ],
)
def test_what_does_not_fit_is_a_sentence_and_nothing_is_written(command, words, message, tmp_path):
    done = command(*SMALL, *words)
    assert done.code == 2
    assert message in " ".join(done.err.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["run", "resume"])
def test_the_options_are_told(command, name):
    said = command(name, "--help").out
    for option in ("--backend", "--address", "--partition", "--time", "--storage", "--jobs"):
        assert option in said


@pytest.mark.slow
def test_a_study_on_a_dask_cluster(command, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        done = command(*SMALL, "--steps", 2000, "--backend", "dask",
                       "--address", cluster.scheduler_address, "--quiet")  # fmt: skip
    assert done.code == 0, done.err
    assert (tmp_path / "runs" / "cartpole-length" / "report.html").is_file()
