"""The three selectors of SD-MBTL: rules of their first picks, and which of them is asked."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.selection import GPMBTL, MGPMBTL, MMBTL, replay
from rltransfer.selection.sd_mbtl.grid import Grid
from rltransfer.selection.sd_mbtl.structure import is_mountain
from rltransfer.testing.toys import SyntheticFamily

MOUNTAIN = SyntheticFamily((-3.0, -3.0), size=6, target_weight=3.0)
TILTED = SyntheticFamily((-3.0, -3.0), size=6, source_weight=4.0)
ONE_SIDED = SyntheticFamily((1.0, 1.0), size=6)


def run(selector, family, rounds, J=None):
    table = family.truth if J is None else J
    return replay(selector, table, family.space, family.contexts, family.contexts, rounds)


def test_gp_mbtl_begins_in_the_middle_and_at_the_worst_served_targets():
    seen = run(GPMBTL((0.0, 500.0)), MOUNTAIN, 3)
    # the mean of 0 … 5 is 2.5, which NumPy rounds to the even 2
    assert seen.trained[0] == 2 * 6 + 2
    for k in (1, 2):
        before = seen.after(k)
        served = before.best.copy()
        served[list(before.trained)] = np.inf
        assert seen.trained[k] == served.argmin()


def test_gp_mbtl_knows_returns_only_by_their_score():
    rng = np.random.default_rng(0)
    J = TILTED.truth + rng.standard_normal(TILTED.truth.shape)
    plain = run(GPMBTL((400.0, 520.0)), TILTED, 12, J)
    shifted = run(GPMBTL((0.0, 60.0)), TILTED, 12, 0.5 * J - 200.0)
    assert plain.trained == shifted.trained


def test_gp_mbtl_finds_the_best_single_source():
    seen = run(GPMBTL((400.0, 520.0)), TILTED, 8)
    best = TILTED.best_single()
    assert best.sources[0] in seen.trained


def test_m_mbtl_looks_at_no_return():
    rng = np.random.default_rng(0)
    assert (
        run(MMBTL(), MOUNTAIN, 10).trained
        == run(MMBTL(), MOUNTAIN, 10, rng.random((36, 36))).trained
    )


@pytest.mark.parametrize(
    ("family", "expected"), [(MOUNTAIN, True), (TILTED, False), (ONE_SIDED, False)]
)
def test_mountains_are_told_from_others(family, expected):
    seen = run(MMBTL(), family, 7)
    assert is_mountain(Grid.of(seen), seen) is expected


def test_m_gp_mbtl_clusters_on_a_mountain():
    score = (400.0, 520.0)
    assert run(MGPMBTL(score), MOUNTAIN, 12).trained == run(MMBTL(), MOUNTAIN, 12).trained


def test_m_gp_mbtl_clusters_six_times_and_then_asks_gp_mbtl():
    score = (400.0, 540.0)
    seen = run(MGPMBTL(score), TILTED, 6)
    assert seen.trained == run(MMBTL(), TILTED, 6).trained
    proposal = MGPMBTL(score).propose(seen)
    assert proposal.reason.startswith("no mountain: largest expected gain")
    assert proposal.index == GPMBTL(score).propose(seen).index
    assert MGPMBTL(score).propose(seen.after(5)).reason.startswith("too early for tests")
