from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer import TransferMatrix

from .conftest import ROW_0, ROW_1, SOURCES, TARGETS

finite = st.floats(-1e6, 1e6)


def line(n: int) -> TransferMatrix:
    space = ContextSpace([ContextFeature("x", 0.0, 0.0, 1.0)])
    return TransferMatrix.empty(space, space.grid(n), space.grid(n))


def test_before_anything_is_trained(empty):
    assert empty.trained == ()
    assert empty.mean.shape == (0, 3)
    assert empty.set_points.shape == empty.coverage_curve().shape == (0,)
    assert empty.gaps().shape == (0, 3)
    assert empty.coverage == -np.inf
    assert (empty.best == -np.inf).all()
    with pytest.raises(InvalidTransferMatrix, match="no source is trained yet"):
        _ = empty.covering


def test_what_is_known_by_hand(matrix):
    assert matrix.trained == (1, 0, 3)
    np.testing.assert_allclose(matrix.mean, [[4, 9.25, 1.5], [11, 4, 1.5], [6, 1, 0.15]])
    np.testing.assert_array_equal(matrix.set_points, [9.25, 11.0, 7.5])
    np.testing.assert_array_equal(matrix.best, [11, 9.25, 1.5])
    np.testing.assert_array_equal(matrix.covering, [1, 0, 0])  # the tie goes to the first
    assert matrix.coverage == pytest.approx((11 + 9.25 + 1.5) / 3)
    np.testing.assert_allclose(
        matrix.coverage_curve(), [(4 + 9.25 + 1.5) / 3, matrix.coverage, matrix.coverage]
    )
    np.testing.assert_allclose(matrix.gaps()[2], [1.5, 6.5, 7.35])


def test_learning_makes_a_new_value(empty):
    row = ROW_0.copy()
    once = empty.learn(0, row)
    row[:] = 0.0
    np.testing.assert_array_equal(once.returns[0], ROW_0)
    assert empty.trained == ()
    assert once.problem is empty.problem


def test_a_matrix_cannot_be_changed(matrix):
    for array in (matrix.returns, matrix.own, matrix.mean, matrix.best, matrix.set_points):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(AttributeError, match="cannot assign"):
        matrix.trained = ()


def test_sources_are_trained_once(matrix):
    sentence = r"source 0, Context\(length=0.05, gravity=1\), is already trained \(round 2\)"
    with pytest.raises(InvalidTransferMatrix, match=sentence):
        matrix.learn(0, ROW_0)


def test_going_back(matrix, empty):
    assert matrix.after(3) == matrix
    assert matrix.after(1) == empty.learn(1, ROW_1)
    assert matrix.after(0) == empty
    assert matrix.after(0).learn(1, ROW_1) == matrix.after(1)
    with pytest.raises(InvalidTransferMatrix, match="there have been 3 rounds, not 4"):
        matrix.after(4)


def test_scaling_is_linear(matrix):
    scaled = matrix.scaled(-5.0, 15.0)
    np.testing.assert_allclose(scaled.mean, (matrix.mean + 5) / 20)
    np.testing.assert_allclose(scaled.set_points, (matrix.set_points + 5) / 20)
    assert scaled.trained == matrix.trained
    with pytest.raises(InvalidTransferMatrix, match="low < high; got 2 and 2"):
        matrix.scaled(2, 2)


def test_equality_and_copies(matrix):
    assert matrix != matrix.after(2)
    assert matrix != matrix.scaled(0, 2)
    assert matrix != "a matrix"
    assert pickle.loads(pickle.dumps(matrix)) == matrix
    assert repr(matrix) == ("<TransferMatrix length, gravity: 3 of 4 sources trained, 3 targets>")


def test_arrays_must_fit_the_trained_sources(matrix):
    with pytest.raises(InvalidTransferMatrix, match=r"\(K, M, E\) = \(1, 3, any\); got \(3, 3, 2"):
        TransferMatrix(matrix.problem, (1,), matrix.returns, matrix.own)
    with pytest.raises(InvalidTransferMatrix, match=r"\(K, E\) = \(3, any\); got \(1, 2\)"):
        TransferMatrix(matrix.problem, matrix.trained, matrix.returns, matrix.own[:1])


def test_the_question_is_visible(matrix):
    assert matrix.sources == SOURCES
    assert matrix.targets == TARGETS
    np.testing.assert_allclose(matrix.units_sources[1], [0.5, 8.8 / 19.0])
    assert matrix.units_targets.shape == (3, 2)


@given(arrays(np.float64, (4, 6, 2), elements=finite), st.permutations(range(6)))
def test_coverage_never_falls_and_agrees_with_a_loop(rows, order):
    matrix = line(6)
    for row, index in zip(rows, order, strict=False):
        matrix = matrix.learn(index, row)
    curve = []
    for k in range(1, 5):
        best = [max(sum(rows[i][y]) / 2 for i in range(k)) for y in range(6)]
        curve.append(sum(best) / 6)
    np.testing.assert_allclose(matrix.coverage_curve(), curve, atol=1e-9)
    assert (np.diff(matrix.coverage_curve()) >= -1e-9).all()
    assert matrix.coverage == pytest.approx(curve[-1], abs=1e-9)


def test_what_failed_has_no_row_and_stays_failed(tmp_path, matrix):
    failed = matrix.fail(2)
    assert (failed.trained, failed.failed, failed.tried) == ((1, 0, 3), (2,), (1, 0, 3, 2))
    np.testing.assert_array_equal(failed.mean, matrix.mean)
    assert failed.coverage == matrix.coverage
    assert failed != matrix
    assert {failed.after(k).failed for k in range(4)} == {(2,)}
    failed.to_parquet(tmp_path / "matrix.parquet")
    assert TransferMatrix.from_parquet(tmp_path / "matrix.parquet") == failed
    with pytest.raises(InvalidTransferMatrix, match="source 9 is not among"):
        matrix.fail(9)


def test_failures_before_the_first_source_are_kept(empty):
    assert empty.fail(1).fail(0).after(0).failed == (1, 0)
