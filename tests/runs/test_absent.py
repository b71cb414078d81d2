"""A path that is not a run: which one may be meant."""

import pytest

from rltransfer.errors import CorruptRun
from rltransfer.runs import Run


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with two experiments in `runs`, the first with two seeds."""
    monkeypatch.chdir(tmp_path)
    for folder in ("runs/a/seed-0", "runs/a/seed-1", "runs/b/seed-0", "empty"):
        (tmp_path / folder).mkdir(parents=True)
        if folder != "empty":
            (tmp_path / folder / "experiment.toml").write_text("")
    (tmp_path / "runs/a/seed-0/sources/00").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("runs", "In it are runs/a, runs/b; give one of them."),
        ("empty", "Runs nearby: runs/a, runs/b."),
        ("nowhere", "Runs nearby: runs/a, runs/b."),
        ("runs/c", "Runs nearby: runs/a, runs/b."),
        ("runs/a/seed-0/sources/00", "It lies in the run runs/a/seed-0; give that."),
        ("runs/a/report.html", "It lies in the run runs/a; give that."),
    ],
)
def test_a_run_near_the_path_is_named(here, path, hint):
    with pytest.raises(CorruptRun) as caught:
        Run.find(path)
    assert str(caught.value) == f"{path} is not a run: it has no experiment.toml. {hint}"


def test_without_any_run_there_is_an_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorruptRun, match="such as runs/cartpole-length/seed-0"):
        Run.find("nowhere")


def test_of_many_a_few_are_named(tmp_path):
    for k in range(7):
        (tmp_path / str(k)).mkdir()
        (tmp_path / str(k) / "experiment.toml").write_text("")
    with pytest.raises(CorruptRun, match=r"/4 and 2 more; give one of them\.$"):
        Run.find(tmp_path)
