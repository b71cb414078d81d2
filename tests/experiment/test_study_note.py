from dataclasses import replace

import numpy as np
import pytest

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.experiment.lanes import Lane, LaneState
from rltransfer.experiment.study_note import study_note
from rltransfer.selection import Proposal
from rltransfer.transfer import TransferMatrix

SPACE = ContextSpace([ContextFeature("length", 0.5, 0.0, 1.0, "m")])
GRID = SPACE.grid(5)


class Foretelling:
    """Proposes the next source in order, and expects the same gain of each."""

    def __init__(self, gain, error=None):
        self.gain, self.error = gain, error

    def propose(self, transfer):
        index = len(transfer.trained)
        return Proposal(index, GRID[index], "next", predicted_gain=self.gain,
                        predicted_error=self.error)  # fmt: skip


def state(rounds, selector, stop_gain=None):
    empty = TransferMatrix.empty(SPACE, GRID, GRID)
    lane = Lane("foretelling", selector, empty, rounds=3, stop_gain=stop_gain)
    found = LaneState(lane, empty, (), ())
    for k in range(rounds):
        pick = selector.propose(found.transfer)
        found = replace(found, transfer=found.transfer.learn(k, np.full((5, 1), k + 1.0)),
                        picks=(*found.picks, pick), keys=(*found.keys, f"key-{k}"))  # fmt: skip
    return found


@pytest.mark.parametrize("rounds", [2, 3])
def test_it_asks_whether_to_stop(rounds):
    note = study_note(state(rounds, Foretelling(1.5, 0.25)))
    assert f"{rounds} of 3 sources. V, the mean over targets of the best return, is" in note
    assert note.endswith("**Another source is expected to raise V by 1.5 ± 0.25: stop?**")


def test_it_says_why_a_lane_has_stopped():
    note = study_note(state(1, Foretelling(1.5), stop_gain=2.0))
    assert "raise V by 1.5, less than 2: stopped after 1 of 3 rounds.**" in note


def test_who_expects_nothing_asks_nothing():
    note = study_note(state(1, Foretelling(None)))
    assert "stop" not in note
