from __future__ import annotations

import numpy as np
import pytest

from rltransfer.errors import InvalidTransferMatrix

from .conftest import ROW_0, ROW_3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_returns_that_are_not_finite_are_named(empty, bad):
    row = ROW_0.copy()
    row[2, 1] = bad
    sentence = rf"source 0 on target 2, Context\(length=1, gravity=2\), is {bad} in episode 1"
    with pytest.raises(InvalidTransferMatrix, match=sentence):
        empty.learn(0, row)


@pytest.mark.parametrize("shape", [(3,), (2, 2), (3, 0), (3, 2, 1), ()])
def test_rows_of_a_wrong_shape(empty, shape):
    with pytest.raises(InvalidTransferMatrix, match=r"shape \(targets, episodes\) = \(3, any\)"):
        empty.learn(0, np.ones(shape))


def test_episodes_may_not_be_ragged(matrix):
    with pytest.raises(InvalidTransferMatrix, match=r"= \(3, 2\); got \(3, 5\)"):
        matrix.learn(2, np.ones((3, 5)), own=[1.0, 1.0])
    with pytest.raises(InvalidTransferMatrix, match=r"must have 2 episodes, .* got 3"):
        matrix.learn(2, np.ones((3, 2)), own=[1.0, 1.0, 1.0])


def test_a_source_that_is_no_target_needs_its_own_returns(empty):
    with pytest.raises(InvalidTransferMatrix, match="is not a target, so `own`"):
        empty.learn(3, ROW_3)
    with pytest.raises(InvalidTransferMatrix, match="must be finite numbers"):
        empty.learn(3, ROW_3, own=[1.0, np.nan])
    with pytest.raises(InvalidTransferMatrix, match="must be finite numbers"):
        empty.learn(3, ROW_3, own=[])
    assert empty.learn(3, ROW_3, own=5.0).set_points == [5.0]


def test_own_returns_of_a_target_are_its_row(empty):
    assert empty.learn(0, ROW_0, own=ROW_0[0]) == empty.learn(0, ROW_0)
    with pytest.raises(InvalidTransferMatrix, match=r"is target 0 too, .* Leave `own` out"):
        empty.learn(0, ROW_0, own=[10.0, 11.0])
