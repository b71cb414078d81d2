"""A path that is no policy, no matrix, no study: what to type instead."""

from pathlib import Path

import pytest

from rltransfer.cli.pointing import room_for
from rltransfer.errors import StorageError

EXPERIMENT = Path(__file__).parents[2] / "runs" / "reference"
SEED = EXPERIMENT / "seed-0"
SOURCE = SEED / "sources" / "00"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nowhere", "there is nothing there. A policy is a folder, such as runs/EXPERIMENT/"),
        ("file", "it is a file, and a policy is a folder, such as runs/EXPERIMENT/"),
        ("empty", "it is a folder without policy.json."),
        (EXPERIMENT, f"it is a run. Give one of its sources, such as {SOURCE}; all: rltransfer"),
        (SEED, f"it is a run. Give one of its sources, such as {SOURCE}"),
        (SEED / "sources", f"it is a folder of policies. Give one of them, such as {SOURCE}"),
        (SOURCE / "policy.json", f"it is a file of one. Give the folder, {SOURCE}."),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "{}"),
        ("train", "cartpole", "--trainer", "warm-start-ppo", "--from", "{}"),
        ("dataset", "record", "cartpole", "--policy", "{}"),
    ],
)
def test_a_path_that_is_no_policy(command, tmp_path, path, sentence, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("words")
    done = command(*(word.format(path) for word in words))
    assert (done.code, done.out) == (2, "")
    assert f"{path} is no policy: {sentence}" in done.err
    assert {found.name for found in tmp_path.iterdir()} == {"empty", "file"}


@pytest.mark.parametrize("name", ["run", "plan"])
def test_a_folder_that_is_no_study(command, tmp_path, name):
    (tmp_path / "empty").mkdir()
    done = command(name, EXPERIMENT)
    assert f"{EXPERIMENT} is a run. To go on with it: rltransfer resume {EXPERIMENT}" in done.err
    done = command(name, "empty")
    assert "empty is a folder; a study is an environment's name or an experiment.toml" in done.err


def test_an_experiment_that_is_no_matrix(command):
    done = command("select", "--matrix", EXPERIMENT, "--budget", 2)
    assert f"the matrix is that of one seed, such as {SEED}." in done.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("gap", EXPERIMENT, "--out", "file/gaps"),
            "--out file/gaps must be a folder, and file is",
        ),
        (("dataset", "record", "cartpole", "--root", "file"), "--root file must be a folder, and"),
    ],
)
def test_a_place_for_results_is_looked_at_before_the_work(command, tmp_path, words, sentence):
    (tmp_path / "file").write_text("words")
    done = command(*words)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


def test_a_place_where_nothing_may_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write anywhere
    with pytest.raises(StorageError, match=f"nothing may be written in {tmp_path}"):
        room_for("--out", tmp_path / "a" / "b")
