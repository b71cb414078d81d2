"""A row counts the same, whoever has trained the policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.errors import InvalidExperiment
from rltransfer.selection import MatrixGP, make_selector
from rltransfer.selection.registry import SELECTORS
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer import KnownPolicy, KnownRows

TOY = LinearGapToy.wavy(31)
LEARNS_FROM_ITS_OWN = ("mbtl", "mbtl-literal", "gp-mbtl", "m-gp-mbtl", "mpts", "tpe", "optuna-gp")


def row(index):
    return TOY.truth[index][:, None]


def knowing(*indices, trained=()):
    """Return a matrix with some rows from elsewhere, and some trained."""
    known = KnownRows()
    for index in indices:
        known = known.learn(KnownPolicy(f"old {index}", TOY.contexts[index]), row(index))
    matrix = replace(TOY.empty(), known=known)
    for index in trained:
        matrix = matrix.learn(index, row(index))
    return matrix


def test_candidates_are_worth_the_same_as_if_the_rows_had_been_trained_here():
    ours = MatrixGP().propose(knowing(trained=(4, 20, 27)))
    for matrix in (knowing(4, 20, 27), knowing(4, 20, trained=(27,))):
        theirs = MatrixGP().propose(matrix)
        others = np.setdiff1d(np.arange(31), [4, 20, 27])
        np.testing.assert_allclose(
            theirs.acquisition[others], ours.acquisition[others], rtol=1e-8, atol=1e-12
        )
        assert theirs.index == ours.index
        assert theirs.predicted_gain == pytest.approx(ours.predicted_gain)


def test_a_candidate_in_the_place_of_a_known_policy_may_still_be_trained():
    matrix = knowing(*range(31))
    assert MatrixGP().propose(matrix).index in range(31)


def test_where_known_policies_serve_well_nothing_is_trained_beside_them():
    toy = LinearGapToy.flat(31, slope=3.0)
    known = KnownRows().learn(KnownPolicy("old", toy.contexts[5]), toy.truth[5][:, None])
    matrix = replace(toy.empty(), known=known)
    assert MatrixGP().propose(matrix).index > 12


def test_a_policy_without_a_place_counts_in_V_only():
    best = np.full((31, 1), TOY.truth.max())
    known = KnownRows().learn(KnownPolicy("of many contexts"), best)
    begun = replace(TOY.empty(), known=known)
    assert MatrixGP().propose(begun).predicted_gain is None  # no row to learn from yet
    proposal = MatrixGP().propose(begun.learn(15, row(15)))
    without = MatrixGP().propose(TOY.empty().learn(15, row(15)))
    assert proposal.predicted_gain < 0.1 * without.predicted_gain


def test_a_place_beside_the_range_is_a_place():
    far = KnownPolicy("far", Context({name: 1.2 * f.high for name, f in far_features()}))
    known = KnownRows().learn(far, row(30))
    assert MatrixGP().propose(replace(TOY.empty(), known=known)).predicted_gain is not None


def far_features():
    return [(feature.name, feature) for feature in TOY.space]


@pytest.mark.parametrize("name", LEARNS_FROM_ITS_OWN)
def test_selectors_whose_model_is_of_their_own_sources_refuse(name):
    selector = make_selector(name, seed=0, budget=4, score=(0.0, 1.0))
    with pytest.raises(InvalidExperiment, match=f"'{name}' can learn from sources of its own"):
        selector.propose(knowing(3))


@pytest.mark.parametrize("name", sorted(set(SELECTORS) - set(LEARNS_FROM_ITS_OWN)))
def test_all_others_go_on(name):
    selector = make_selector(name, seed=0, budget=4, score=(0.0, 1.0))
    assert selector.propose(knowing(3)).index in range(31)
