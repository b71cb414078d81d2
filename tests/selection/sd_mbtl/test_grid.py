from __future__ import annotations

import numpy as np

from rltransfer.contexts import Context, ContextFeature, ContextSpace, Scale
from rltransfer.selection.sd_mbtl.grid import Grid
from rltransfer.testing.toys import SyntheticFamily
from rltransfer.transfer import TransferMatrix


def test_a_grid_is_its_own_indices():
    grid = Grid.of(SyntheticFamily((1.0, -3.0), size=4).empty())
    expected = [(i, j) for i in range(4) for j in range(4)]
    assert grid.X.tolist() == grid.Y.tolist() == [list(point) for point in expected]


def test_an_index_is_a_rank_whatever_the_spacing():
    space = ContextSpace([ContextFeature("length", 1.0, 0.1, 10.0, "m", Scale.LOG)])
    at = [Context({"length": value}) for value in (0.1, 10.0, 0.2, 5.0)]
    grid = Grid.of(TransferMatrix.empty(space, at[:3], at[1:]))
    assert grid.X[:, 0].tolist() == [0.0, 3.0, 1.0]
    assert grid.Y[:, 0].tolist() == [3.0, 1.0, 2.0]
    # the first candidate is no target: its home is the nearest one
    assert grid.homes(TransferMatrix.empty(space, at[:3], at[1:]), range(3)).tolist() == [1, 0, 1]


def test_nearest_takes_the_lowest_index_among_equals():
    grid = Grid.of(SyntheticFamily((1.0, -3.0), size=3).empty())
    assert grid.nearest(np.array([1.0, 1.0]), np.array([0, 1, 3, 5, 8])) == 1
