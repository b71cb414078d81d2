import json

import pytest

from rltransfer.reports.study import Study
from rltransfer.reports.tables import provenance_rows, trained_rows


def test_every_policy_has_a_row_the_own_sources_first(one_seed):
    replicate = Study.read(one_seed).replicates[0]
    rows = trained_rows(replicate)
    assert len(rows) == len(replicate.pool)
    assert [row.lanes[0] for row in rows[:3]] == ["matrix-gp 1", "matrix-gp 2", "matrix-gp 3"]
    assert all(row.color for row in rows[:3])
    assert not any(row.color for row in rows[3:])
    assert {(row.steps, row.seconds, row.wall) for row in rows} == {(1000, 12.5, 20.0)}
    assert rows[0].finished == "2023-11-14 22:13"


def test_gains_and_own_returns_are_those_of_the_matrix(one_seed):
    replicate = Study.read(one_seed).replicates[0]
    rows, V = trained_rows(replicate), replicate.matrix.coverage_curve()
    assert rows[0].gain is None
    assert rows[2].gain == pytest.approx(V[2] - V[1])
    assert [row.own for row in rows[:3]] == pytest.approx(replicate.matrix.set_points)
    assert rows[1].reason == replicate.own.picks[1].reason


def test_a_policy_of_two_selectors_names_both(one_seed):
    replicate = Study.read(one_seed).replicates[0]
    asked = sum(len(state.picks) for state in replicate.states.values())
    assert sum(len(row.lanes) for row in trained_rows(replicate)) == asked


def test_policies_that_no_selector_picked_say_nothing_of_one(three_seeds):
    rows = trained_rows(Study.read(three_seeds).replicates[0])
    multi_task = next(row for row in rows if row.label == "multi-task")
    assert (multi_task.lanes, multi_task.own, multi_task.gain) == ((), None, None)
    alone = [row for row in rows if not row.lanes and row.own is not None]
    assert alone
    assert all(row.reason == "" for row in alone)


def test_provenance_is_flat_and_survives_what_it_does_not_know(tmp_path, make):
    folder = make(tmp_path)
    said = {"command": "a <b>", "git": None, "machine": {"cores": 2, "odd": [1, {"x": 2}]},
            "git2": {"dirty": True}}  # fmt: skip
    (folder / "seed-0" / "provenance.json").write_text(json.dumps(said))
    rows = dict(provenance_rows(Study.read(folder).replicates[0]))
    assert rows["seed"] == "0"
    assert rows["git"] == "unknown"
    assert rows["git2 dirty"] == "yes"
    assert rows["machine cores"] == "2"
    (folder / "seed-0" / "provenance.json").write_text("{}")
    assert "machine cores" not in dict(provenance_rows(Study.read(folder).replicates[0]))
