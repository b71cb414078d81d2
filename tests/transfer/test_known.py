"""Policies from elsewhere count in V and in what covers a target, and are no rounds."""

import numpy as np
import pytest

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer import KnownPolicy, KnownRows, TransferMatrix, gap_report

SPACE = ContextSpace([ContextFeature("length", 0.5, 0.1, 0.9, "m")])
OLD = KnownPolicy("old", Context(length=0.3))
NAMELESS = KnownPolicy("of many contexts")


@pytest.fixture
def matrix():
    """Two known policies, then one source: J = [40, 90, 70] at (0.1, 0.5, 0.9)."""
    known = KnownRows().learn(OLD, [[60.0, 60.0], [50.0, 50.0], [10.0, 10.0]], [62.0, 62.0])
    known = known.learn(NAMELESS, [[20.0, 20.0], [30.0, 30.0], [80.0, 84.0]])
    empty = TransferMatrix.empty(SPACE, SPACE.grid(3), SPACE.grid(3))
    begun = TransferMatrix(empty.problem, (), empty.returns, empty.own, known)
    return begun.learn(1, [[40.0, 40.0], [90.0, 90.0], [70.0, 70.0]])


def test_the_best_of_both_counts(matrix):
    assert matrix.best.tolist() == [60.0, 90.0, 82.0]
    assert matrix.coverage == np.mean([60.0, 90.0, 82.0])
    assert matrix.coverage_curve().tolist() == [matrix.coverage]
    assert matrix.after(0).coverage == np.mean([60.0, 50.0, 82.0])


def test_known_policies_are_no_rounds(matrix):
    assert matrix.trained == (1,)
    assert matrix.mean.shape == (1, 3)
    assert set(matrix.to_frame()["round"]) == {1}


def test_who_covers_what(matrix):
    assert matrix.covering.tolist() == [1, 0, 2]
    assert matrix.served_by == (OLD, matrix.sources[1], NAMELESS)
    assert matrix.after(0).served_by == (OLD, OLD, NAMELESS)


def test_of_equals_the_policy_that_was_there_first_covers(matrix):
    same = matrix.learn(0, [[60.0, 60.0], [0.0, 0.0], [82.0, 82.0]])
    assert same.served_by == (OLD, matrix.sources[1], NAMELESS)


def test_the_gap_is_measured_from_the_known_policys_own_context_or_its_best_target(matrix):
    report = gap_report(matrix, np.random.default_rng(0))
    assert report.gap.tolist() == [2.0, 0.0, 0.0]
    assert report.known == ("old", None, "of many contexts")
    assert report.sources == (OLD.context, matrix.sources[1], None)
    frame = report.to_frame()
    assert frame["known"].tolist() == ["old", "", "of many contexts"]
    assert np.isnan(frame["source.length"][2])


def test_scaling_scales_them(matrix):
    assert matrix.scaled(0.0, 10.0).best.tolist() == [6.0, 9.0, 8.2]


def test_they_are_written_and_read_back_exactly(matrix, tmp_path):
    matrix.to_parquet(tmp_path / "matrix.parquet")
    again = TransferMatrix.from_parquet(tmp_path / "matrix.parquet")
    assert again == matrix
    assert again.served_by == matrix.served_by
    assert again != TransferMatrix(matrix.problem, (1,), matrix.returns, matrix.own)


def test_their_places_are_where_they_were_trained_and_may_lie_beside_the_range():
    far = KnownPolicy("far", Context(length=1.7))
    rows = KnownRows().learn(NAMELESS, [[1.0]]).learn(far, [[2.0]]).learn(OLD, [[3.0]])
    assert rows.placed.tolist() == [1, 2]
    np.testing.assert_allclose(rows.units(SPACE), [[2.0], [0.25]])


@pytest.mark.parametrize(
    ("learn", "message"),
    [
        (lambda rows: rows.learn(OLD, [[1.0]]), "two known policies have the name 'old'"),
        (lambda rows: rows.learn(NAMELESS, [[1.0], [2.0]]), r"= \(1, 1\); got \(2, 1\)"),
        (lambda rows: rows.learn(NAMELESS, [[np.nan]]), "'of many contexts' has a return that is"),
    ],
)
def test_wrong_rows_are_refused(learn, message):
    with pytest.raises(InvalidTransferMatrix, match=message):
        learn(KnownRows().learn(OLD, [[1.0]]))


def test_rows_of_other_targets_are_refused():
    empty = TransferMatrix.empty(SPACE, SPACE.grid(3), SPACE.grid(3))
    with pytest.raises(InvalidTransferMatrix, match="returns on 1 targets, and the matrix has 3"):
        TransferMatrix(empty.problem, (), empty.returns, empty.own, KnownRows().learn(OLD, [[1.0]]))


def test_all_policies_play_as_many_episodes(matrix):
    with pytest.raises(InvalidTransferMatrix, match=r"\(targets, episodes\) = \(3, 2\)"):
        matrix.after(0).learn(0, [[1.0], [2.0], [3.0]])
