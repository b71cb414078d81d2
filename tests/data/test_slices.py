from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.data.slices import TimeSlices
from rltransfer.errors import InvalidDataset


def filled(rows, steps, limit, ends=()):
    """A recording in which the number of an observation tells step and row."""
    slices = TimeSlices(rows, 1, gym.spaces.Discrete(9), limit)
    places = slices.places([Context(u=1.0)] * rows)
    none = np.zeros(rows, bool)
    for t in range(steps):
        seen = 100.0 * t + np.arange(rows)
        terminated = np.array([(t, row) in ends for row in range(rows)])
        shown = np.stack([seen, seen * 0 + 7], axis=1)  # the second number is a visible feature
        slices.append(shown, np.full(rows, t), seen, shown + 100, terminated, none, places)
    return slices


def test_rows_come_one_after_another_and_their_tails_are_cut():
    data = filled(2, 3, 100, ends={(1, 0), (2, 1)}).transitions()
    assert data.observations[:, 0].tolist() == [0, 100, 200, 1, 101, 201]
    assert data.next_observations[:, 0].tolist() == [100, 200, 300, 101, 201, 301]
    assert data.actions.tolist() == [0, 1, 2, 0, 1, 2]
    assert data.terminated.tolist() == [False, True, False, False, False, True]
    assert data.truncated.tolist() == [False, False, True, False, False, False]


@pytest.mark.parametrize(("limit", "first"), [(6, 2), (7, 2), (1, 4), (10, 0), (1000, 0)])
def test_the_last_slices_are_kept(limit, first):
    slices = filled(2, 5, limit)
    data = slices.transitions()
    assert len(slices) == len(data) == 2 * (5 - first)
    assert data.actions[: 5 - first].tolist() == list(range(first, 5))


@pytest.mark.parametrize("steps", [1, 2, 5, 6, 7, 8])
def test_so_many_steps_as_asked_for(steps):
    data = filled(3, 4, 100).transitions(steps)
    assert len(data) == min(steps, 12)
    assert data.ends.sum() == min(3, steps)


def test_an_interrupted_episode_is_cut():
    slices = filled(2, 2, 100, ends={(1, 0)})
    slices.cut()
    data = slices.transitions()
    assert data.truncated.tolist() == [False, False, False, True]


def test_nothing_is_nothing():
    with pytest.raises(InvalidDataset, match="not a single step"):
        filled(2, 0, 10).transitions()
