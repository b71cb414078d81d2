from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from rltransfer.contexts import ContextFeature, ContextSpace, Scale
from rltransfer.errors import InvalidExperiment
from rltransfer.selection.base import Proposal, first_best, middle, untrained
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer import TransferMatrix


def test_what_is_left():
    toy = LinearGapToy.flat(3)
    transfer = toy.empty().learn(1, toy.truth[1][:, None])
    assert untrained(transfer).tolist() == [0, 2]
    full = transfer.learn(0, toy.truth[0][:, None]).learn(2, toy.truth[2][:, None])
    with pytest.raises(InvalidExperiment, match="all 3 candidate sources are trained"):
        untrained(full)


def test_ties_go_to_the_lowest_index():
    assert first_best(np.array([1.0, 2.0, 2.0, 5.0]), np.array([0, 1, 2])) == 1
    assert first_best(np.zeros(4), np.array([2, 3])) == 2


def test_the_middle_is_on_the_unit_scale():
    space = ContextSpace([ContextFeature("length", 0.5, 0.05, 5.0, scale=Scale.LOG)])
    for n, expected in ((5, 2), (100, 49), (4, 1), (1, 0)):
        grid = space.grid(n)
        assert middle(TransferMatrix.empty(space, grid, grid)) == expected


def test_the_middle_of_a_box():
    space = ContextSpace([ContextFeature(n, 0.0, 0.0, 1.0) for n in ("a", "b")])
    grid = space.grid({"a": 3, "b": 4})
    assert middle(TransferMatrix.empty(space, grid, grid)) == 1 * 4 + 1


def test_proposals_compare_without_their_acquisition():
    toy = LinearGapToy.flat(3)
    one, two = (Proposal(0, toy.contexts[0], "why", acquisition=np.ones(n)) for n in (1, 2))
    assert one == two
    assert one != Proposal(0, toy.contexts[0], "why not")


def test_importing_selection_is_light():
    code = (
        "import sys, rltransfer.selection;"
        "print([m for m in ('optuna', 'sklearn', 'scipy', 'pandas', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_sampler_is_there_when_asked_for():
    import rltransfer.selection as selection

    assert selection.MBTLSampler.__name__ == "MBTLSampler"
    with pytest.raises(AttributeError, match="no attribute 'NoSampler'"):
        _ = selection.NoSampler
