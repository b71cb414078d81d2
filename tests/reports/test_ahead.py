"""What another source is expected to win, in words, on the page, and on the command line."""

import json
import shutil
from pathlib import Path

from rltransfer.cli.conclusion import print_summary
from rltransfer.cli.output import console
from rltransfer.reports import summarize, write_report
from rltransfer.reports.study import Study

REFERENCE = Path(__file__).parents[2] / "runs" / "reference"


def said_of(summary):
    with console.capture() as capture:
        print_summary(summary)
    return " ".join(capture.get().split())


def test_a_finished_study_says_what_another_source_would_win(one_seed):
    (replicate,) = Study.read(one_seed).replicates
    next_pick = replicate.own.lane.selector.propose(replicate.matrix)
    summary = summarize(one_seed)
    (ahead,) = summary.ahead
    assert (ahead.seed, ahead.rounds, ahead.context) == (0, 3, next_pick.context)
    assert (ahead.gain, ahead.error) == (next_pick.predicted_gain, next_pick.predicted_error)
    assert not ahead.stopped
    gain, error = f"{ahead.gain:.3g}", f"{ahead.error:.2g}"
    assert ahead.sentence == f"Another source is expected to raise V by {gain} ± {error}."
    assert ahead.sentence in said_of(summary)
    assert json.loads(json.dumps(summary.to_dict()))["ahead"][0]["predicted_gain"] == ahead.gain


def test_a_study_that_stopped_says_why_and_is_finished(make, tmp_path):
    folder = make(tmp_path, rounds=6, selection={"stop_gain": 40.0})
    summary = summarize(folder)
    (ahead,) = summary.ahead
    assert ahead.stopped
    assert ahead.gain + ahead.error < 40.0
    assert summary.finished
    assert 1 < summary.rounds < summary.planned == 6
    why = f"less than 40: stopped after {summary.rounds} of 6 rounds."
    assert ahead.sentence.endswith(why)
    assert why in said_of(summary)
    page = " ".join(write_report(folder).read_text(encoding="utf-8").split())
    assert ahead.sentence in page
    assert "Not finished" not in page


def test_seeds_that_stop_after_different_rounds_are_explained(make, tmp_path):
    whole = Study.read(make(tmp_path / "whole", (0, 1), rounds=5, selection={}))
    bounds = [
        [pick.predicted_gain + pick.predicted_error for pick in replicate.own.picks[1:]]
        for replicate in whole.replicates
    ]
    apart = next(k for k in range(4) if bounds[0][k] != bounds[1][k])
    least = sum(seed[apart] for seed in bounds) / 2
    folder = make(tmp_path / "cut", (0, 1), rounds=5, selection={"stop_gain": least})
    rounds = [len(replicate.own.picks) for replicate in Study.read(folder).replicates]
    summary = summarize(folder)
    assert rounds[0] != rounds[1]
    assert summary.rounds == min(rounds)
    note = f"different rounds; the numbers are those after round {min(rounds)}, the last that all"
    assert any(note in said for said in summary.notes)
    assert f"Seed 1: {summary.ahead[1].sentence}" in said_of(summary)


def test_a_selector_that_predicts_nothing_says_nothing(make, tmp_path):
    folder = make(tmp_path, selection={"selector": "random"})
    summary = summarize(folder)
    assert summary.ahead == ()
    assert "expected" not in said_of(summary)
    page = write_report(folder).read_text(encoding="utf-8")
    assert "What was expected" not in page
    assert not (folder / "figures" / "expectation.svg").exists()


def test_mbtl_tells_a_gain_without_an_error(make, tmp_path):
    folder = make(tmp_path, selection={"selector": "mbtl"})
    (ahead,) = summarize(folder).ahead
    assert ahead.error is None
    assert ahead.sentence == f"Another source is expected to raise V by {ahead.gain:.3g}."
    assert "mbtl tells no standard error" in write_report(folder).read_text(encoding="utf-8")


def test_a_study_of_all_contexts_has_nothing_ahead(make, tmp_path):
    assert summarize(make(tmp_path, targets=3, rounds=3)).ahead == ()


def test_reports_of_older_versions_are_made_again(tmp_path):
    old = tmp_path / "old"
    shutil.copytree(REFERENCE / "seed-0", old)
    for name in ("rounds.csv", "published.json"):
        (old / name).unlink()
    (ahead,) = summarize(old).ahead
    said = f"by {ahead.gain:.3g} ± {ahead.error:.2g}."
    assert ahead.sentence == f"Another source is expected to raise V {said}"
    page = write_report(old).read_text(encoding="utf-8")
    assert "Predicted against realised gain" in page
    assert (old / "rounds.csv").is_file()
