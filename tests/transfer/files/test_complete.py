import numpy as np

from rltransfer.transfer.files.columns import FeatureColumn
from rltransfer.transfer.files.complete import CompleteMatrix

J = np.array([[5.0, 1.0, 2.0], [3.0, 4.0, 6.0]])


def line(J, sources, targets):
    return CompleteMatrix.of(np.asarray(J), [FeatureColumn.of("x", sources, targets)], {})


def test_a_source_that_is_no_target_takes_its_nearest_targets_return_as_its_own():
    matrix = line(J, [0.0, 6.0], [0.0, 4.0, 10.0])
    assert [matrix.own(i) for i in range(2)] == [5.0, 4.0]
    tie = line(J, [0.0, 7.0], [0.0, 4.0, 10.0])
    assert tie.own(1) == 4.0


def test_revealed_rows_are_the_files():
    matrix = line(J, [0.0, 6.0], [0.0, 4.0, 10.0])
    known = matrix.reveal(matrix.reveal(matrix.untrained, 1), 0)
    np.testing.assert_array_equal(known.mean, J[[1, 0]])
    np.testing.assert_array_equal(known.set_points, [4.0, 5.0])
    assert known.coverage == (5.0 + 4.0 + 6.0) / 3


def test_the_score_is_the_range_of_the_returns():
    assert line(J, [0.0, 6.0], [0.0, 4.0, 10.0]).score == (1.0, 6.0)
    low, high = line(np.full((2, 3), 1e30), [0.0, 6.0], [0.0, 4.0, 10.0]).score
    assert low < high


def test_a_constant_feature_is_noted():
    columns = [FeatureColumn.of("x", [0.0, 1.0], [0.0]), FeatureColumn.of("g", [9.8] * 2, [9.8])]
    matrix = CompleteMatrix.of(np.ones((2, 1)), columns, {})
    assert matrix.notes == ("feature 'g' is 9.8 everywhere, so it is left out.",)
    assert matrix.labels == ("x=0, g=9.8", "x=1, g=9.8")
