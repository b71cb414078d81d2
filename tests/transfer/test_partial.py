"""Policies that were measured on some targets only: nothing is put in the place of the others."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer import TransferMatrix, gap_report

from .conftest import ROW_0, ROW_1, ROW_3

SPACE = ContextSpace([ContextFeature("x", 0.0, 0.0, 1.0)])


@pytest.fixture
def partial(empty):
    """Source 1 is measured on target 1 alone, source 0 on targets 1 and 0, in this order."""
    return empty.learn(1, ROW_1[[1]], measured=[1]).learn(0, ROW_0[[1, 0]], measured=[1, 0])


def test_what_is_known_by_hand(partial):
    nan = np.nan
    np.testing.assert_array_equal(partial.measured, [[0, 1, 0], [1, 1, 0]])
    np.testing.assert_array_equal(partial.seen, [True, True, False])
    np.testing.assert_allclose(partial.mean, [[nan, 9.25, nan], [11, 4, nan]])
    np.testing.assert_array_equal(partial.best, [11, 9.25, -np.inf])
    np.testing.assert_array_equal(partial.covering, [1, 0, -1])
    np.testing.assert_array_equal(partial.set_points, [9.25, 11])
    np.testing.assert_allclose(partial.gaps(), [[nan, 0, nan], [0, 7, nan]])
    assert partial.coverage == pytest.approx((11 + 9.25) / 2)
    np.testing.assert_allclose(partial.coverage_curve(), [9.25, partial.coverage])
    assert not partial.complete
    assert repr(partial).endswith("2 of 4 sources trained, 3 targets, 50% measured>")


def test_all_targets_by_name_are_a_complete_row(empty):
    whole = empty.learn(0, ROW_0[[2, 0, 1]], measured=[2, 0, 1])
    assert whole == empty.learn(0, ROW_0)
    assert whole.complete


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_broken_simulator_is_still_noticed(empty, bad):
    """Where a target is said to be measured, its return must be finite."""
    rows = ROW_0[[0, 2]].copy()
    rows[1, 1] = bad
    sentence = rf"source 0 on target 2, Context\(length=1, gravity=2\), is {bad} in episode 1"
    with pytest.raises(InvalidTransferMatrix, match=sentence):
        empty.learn(0, rows, measured=[0, 2])


@pytest.mark.parametrize("measured", [[0, 0], [0, 3], [-1, 0], [], [0.0, 1.0], [[0, 1]], "all"])
def test_a_choice_that_is_none_is_named(empty, measured):
    sentence = r"`measured` of source 0 must list different targets by their indices 0 to 2"
    with pytest.raises(InvalidTransferMatrix, match=sentence):
        empty.learn(0, ROW_0[:2], measured=measured)


def test_a_source_that_is_a_target_is_measured_at_home(empty):
    with pytest.raises(InvalidTransferMatrix, match=r"is target 0 too .* Add 0 to `measured`"):
        empty.learn(0, ROW_0[1:], measured=[1, 2])
    away = empty.learn(3, ROW_3[[2]], own=[7.0, 8.0], measured=[2])  # no target
    assert away.set_points == [7.5]


def test_rows_must_fit_the_choice(empty):
    with pytest.raises(InvalidTransferMatrix, match=r"\(measured targets, episodes\) = \(2, any\)"):
        empty.learn(0, ROW_0, measured=[0, 1])


def test_cells_are_whole(partial):
    returns = partial.returns.copy()
    returns[1, 1, 0] = np.nan
    with pytest.raises(InvalidTransferMatrix, match="trained source 1 on target 1 are missing in"):
        TransferMatrix(partial.problem, partial.trained, returns, partial.own)


def test_going_back_and_scaling(partial, empty):
    assert partial.after(1) == empty.learn(1, ROW_1[[1]], measured=[1])
    assert partial.after(2) == partial
    assert partial != empty.learn(1, ROW_1).learn(0, ROW_0)
    assert partial.scaled(-5.0, 15.0).coverage == pytest.approx((partial.coverage + 5) / 20)


def test_a_file_reads_back_the_same(partial, tmp_path):
    frame = partial.to_frame()
    assert len(frame) == 3 * 2  # measured cells, episodes
    assert frame["return"].notna().all()
    partial.to_parquet(tmp_path / "matrix.parquet")
    assert TransferMatrix.from_parquet(tmp_path / "matrix.parquet") == partial


def test_gaps_of_targets_that_were_not_measured_are_unknown(partial):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = gap_report(partial, np.random.default_rng(0))
    np.testing.assert_allclose(report.gap, [0.0, 0.0, np.nan])
    np.testing.assert_allclose(report.reached, [11, 9.25, np.nan])
    assert np.isnan([report.low[2], report.high[2], report.set_point[2], report.regret[2]]).all()
    assert report.sources[2] is None
    assert report.mean_gap == report.worst_gap == report.mean_regret == 0.0
    assert report.to_frame()["source.length"].isna().tolist() == [False, False, True]


@given(st.data())
def test_everything_agrees_with_a_loop_over_what_was_measured(data):
    """Best, coverage and its curve, for any choices of targets."""
    contexts = SPACE.grid(5)
    truth = np.random.default_rng(data.draw(st.integers(0, 99))).standard_normal((5, 5))
    matrix, known = TransferMatrix.empty(SPACE, contexts, contexts), [{} for _ in range(5)]
    for x in data.draw(st.permutations(range(5)))[:3]:
        chosen = sorted({x, *data.draw(st.sets(st.integers(0, 4)))})
        matrix = matrix.learn(x, truth[x, chosen][:, None], measured=chosen)
        for y in chosen:
            known[y][x] = truth[x, y]
    best = [max(cell.values()) for cell in known if cell]
    assert matrix.coverage == pytest.approx(np.mean(best))
    assert matrix.coverage_curve()[-1] == pytest.approx(matrix.coverage)
    for y, cell in enumerate(known):
        k = matrix.covering[y]
        assert (k < 0) == (not cell)
        assert not cell or matrix.best[y] == truth[matrix.trained[k], y] == max(cell.values())
