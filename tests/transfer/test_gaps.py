from __future__ import annotations

import numpy as np
import pytest

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer import TransferMatrix, gap_report, generalization_gap

from .conftest import SOURCES, TARGETS


def test_a_report_by_hand(matrix):
    report = gap_report(matrix, np.random.default_rng(0))
    assert report.round == 3
    assert report.targets == TARGETS
    assert report.sources == (SOURCES[0], SOURCES[1], SOURCES[1])
    np.testing.assert_array_equal(report.set_point, [11, 9.25, 9.25])
    np.testing.assert_array_equal(report.reached, [11, 9.25, 1.5])
    np.testing.assert_array_equal(report.gap, [0, 0, 7.75])
    np.testing.assert_array_equal(report.regret, [0, 0, 0])
    assert report.mean_gap == pytest.approx(7.75 / 3)
    assert report.worst_gap == 7.75
    assert report.worst_target == TARGETS[2]


def test_a_source_that_serves_itself_has_no_gap_and_no_doubt(matrix):
    report = gap_report(matrix, np.random.default_rng(0))
    np.testing.assert_array_equal(report.low[:2], [0, 0])
    np.testing.assert_array_equal(report.high[:2], [0, 0])


def test_regret_is_against_what_is_known(matrix):
    report = gap_report(matrix, np.random.default_rng(0), best_known=[12, 9.25, 3])
    np.testing.assert_array_equal(report.regret, [1, 0, 1.5])
    assert report.mean_regret == pytest.approx(2.5 / 3)
    with pytest.raises(InvalidTransferMatrix, match=r"each of the 3 targets; got shape \(2,\)"):
        gap_report(matrix, np.random.default_rng(0), best_known=[1, 2])


def test_the_interval_is_that_of_a_difference_of_means():
    space = ContextSpace([ContextFeature("x", 0.0, 0.0, 1.0)])
    grid, rng = space.grid(3), np.random.default_rng(5)
    row = rng.normal([[10.0], [6.0], [2.0]], [[1.0], [2.0], [3.0]], size=(3, 60))
    matrix = TransferMatrix.empty(space, grid, grid).learn(0, row)
    report = gap_report(matrix, np.random.default_rng(0), resamples=20_000)
    for y in (1, 2):
        error = np.sqrt((row[0].var() + row[y].var()) / 60)
        assert report.low[y] == pytest.approx(report.gap[y] - 1.96 * error, abs=0.1 * error)
        assert report.high[y] == pytest.approx(report.gap[y] + 1.96 * error, abs=0.1 * error)


def test_reports_repeat_with_their_generator(matrix):
    first, second = (gap_report(matrix, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.high, second.high)


def test_one_episode_gives_points(empty):
    report = gap_report(empty.learn(0, [[3.0], [2.0], [1.0]]), np.random.default_rng(0))
    np.testing.assert_array_equal(report.low, report.gap)
    np.testing.assert_array_equal(report.high, report.gap)


def test_the_table_of_a_report(matrix):
    frame = gap_report(matrix, np.random.default_rng(0)).to_frame()
    assert list(frame.columns) == [
        "round", "source.length", "source.gravity", "target.length", "target.gravity",
        "set_point", "reached", "gap", "low", "high", "regret", "known",
    ]  # fmt: skip
    assert frame["gap"].tolist() == [0, 0, 7.75]
    assert frame["source.gravity"].tolist() == [1.0, 9.8, 9.8]
    assert set(frame["round"]) == {3}


def test_nothing_to_report_before_training(empty):
    with pytest.raises(InvalidTransferMatrix, match="no source is trained yet"):
        gap_report(empty, np.random.default_rng(0))


def test_train_and_heldout_gap():
    assert generalization_gap([[1.0, 3.0], [5.0, 7.0]], [1.0, 2.0]) == 2.5
    assert generalization_gap([1.0], [2.0]) == -1.0
