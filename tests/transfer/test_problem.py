from __future__ import annotations

import numpy as np
import pytest

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.errors import InvalidContext, InvalidTransferMatrix
from rltransfer.transfer import TransferProblem

SPACE = ContextSpace([ContextFeature("x", 0.0, 0.0, 10.0)])
GRID = SPACE.grid(11)


def test_units_lie_on_the_unit_cube_and_are_read_only():
    problem = TransferProblem(SPACE, GRID, GRID[:3])
    np.testing.assert_allclose(problem.units_sources[:, 0], np.linspace(0, 1, 11))
    assert problem.units_targets.shape == (3, 1)
    assert problem.units_sources is problem.units_sources
    with pytest.raises(ValueError, match="read-only"):
        problem.units_sources[0] = 1.0


def test_sources_are_found_by_context_and_by_index():
    problem = TransferProblem(SPACE, GRID, GRID)
    assert [problem.source_index(x) for x in GRID] == list(range(11))
    assert [problem.source_index(i) for i in range(11)] == list(range(11))
    assert problem.source_index(np.int64(4)) == 4


def test_targets_are_found_by_context():
    problem = TransferProblem(SPACE, GRID, GRID[5:])
    assert problem.target_index(GRID[7]) == 2
    assert problem.target_index(GRID[0]) is None


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (11, "source 11 is not among the 11 candidates, which are numbered 0 to 10"),
        (-1, "source -1 is not among"),
        (Context(x=3.2), r"not one of the 11 candidate sources; the nearest is \{'x': 3.0"),
        (Context(y=3.0), "a source names exactly x"),
    ],
)
def test_unknown_sources(source, sentence):
    problem = TransferProblem(SPACE, GRID, GRID)
    with pytest.raises(InvalidTransferMatrix, match=sentence):
        problem.source_index(source)


@pytest.mark.parametrize(
    ("sources", "targets", "sentence"),
    [
        ((), GRID, "at least one of its sources"),
        (GRID, (), "at least one of its targets"),
        ((GRID[0], GRID[1], GRID[0]), GRID, "the sources must differ; .*x=0.* more than once"),
        (GRID, (Context(x=1.0, y=2.0),), "each of the targets must name exactly x"),
    ],
)
def test_problems_that_make_no_sense(sources, targets, sentence):
    with pytest.raises(InvalidTransferMatrix, match=sentence):
        TransferProblem(SPACE, sources, targets)


def test_contexts_must_lie_in_the_space():
    with pytest.raises(InvalidContext, match="must lie in 0…10; got 11"):
        TransferProblem(SPACE, GRID, (Context(x=11.0),))
