"""Files that grow by lines, cut off at every byte: whole lines are read, a torn one is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.trial import TrialState
from stub_lab.crashing import Crash
from stub_lab.essence import essence
from stub_lab.study import Study

from rltransfer.experiment.monitor import FileMonitor
from rltransfer.experiment.progress import Progress, StageProgress, read_progress
from rltransfer.runs.publication import is_published
from rltransfer.training import TrainingProblem

NewFolder = Callable[[], Path]


def cuts(data: bytes, first: int = 0) -> list[bytes]:
    """Return what is left of a file that is cut at each byte from the first on."""
    return [data[:end] for end in range(first, len(data) + 1)]


def test_progress_cut_at_every_byte(tmp_path):
    path = tmp_path / "progress.jsonl"
    lines = ([64, 128, 1.5], ["cloning", 3, 10], [128, 128, None])
    points = [Progress(64, 128, 1.5), StageProgress("cloning", 3, 10), Progress(128, 128, None)]
    for left in cuts("".join(json.dumps(line) + "\n" for line in lines).encode()):
        path.write_bytes(left)
        assert read_progress(path, 0) == points[: left.count(b"\n")]
        assert read_progress(path, 1) == points[1 : left.count(b"\n")]


def test_scores_cut_at_every_byte(tmp_path, policy, cartpole):
    """A policy whose score was torn is played again: the same score, its steps counted once."""
    problem = TrainingProblem(cartpole, [{"length": 0.5}])
    path = tmp_path / "scores.jsonl"

    def monitor() -> FileMonitor:
        return FileMonitor(problem, 1, 7, tmp_path / "progress.jsonl", path)

    first = monitor()
    score, steps = first.score(policy), first.steps
    for left in cuts(path.read_bytes()):
        path.write_bytes(left)
        again = monitor()
        assert again.steps == (steps if left.endswith(b"\n") else 0)
        assert (again.score(policy), again.steps) == (score, steps)


@pytest.fixture(scope="module")
def finished(warm, new_folder) -> Study:
    """A finished study."""
    study = Study(str(new_folder()))
    assert warm.run(study).code == 0
    return study


def test_a_study_torn_in_its_last_trial_does_not_pass_for_a_whole_one(finished):
    path = finished.run / "study.journal"
    whole = path.read_bytes()
    records = whole.splitlines(keepends=True)
    told = [json.loads(record) for record in records]
    last = max(k for k, said in enumerate(told) if said.get("state") == TrialState.COMPLETE)
    before = len(b"".join(records[:last]))
    for left in cuts(b"".join(records[: last + 1]), first=before)[:-1]:
        path.write_bytes(left)
        assert not is_published(finished.run)
    path.write_bytes(whole)
    assert is_published(finished.run)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_torn_study_is_made_again(warm, finished, share):
    expected, path = essence(finished.run), finished.run / "study.journal"
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert warm.run(finished).code == 0
    assert essence(finished.run) == expected


def test_torn_scores_change_no_result(warm, new_folder, finished):
    """In the folder of a training under way, the scores are cut off in the middle of a line."""
    study = Study(str(new_folder()))
    assert warm.run(study, Crash(8, "synced")).code < 0
    (path,) = study.run.glob("working/*/scores.jsonl")
    path.write_bytes(path.read_bytes()[:-20])
    assert warm.run(study).code == 0
    assert essence(study.run) == essence(finished.run)
