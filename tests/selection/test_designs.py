from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.selection import Equidistant, KMedoids, SobolDesign, replay
from rltransfer.selection.designs import greedy, swap_changes
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily


def cost(D, medoids):
    return D[list(medoids)].min(axis=0).sum()


def run(selector, toy, rounds):
    return replay(selector, toy.truth, toy.space, toy.contexts, toy.contexts, rounds).trained


def test_medoids_are_the_best_set_of_a_small_problem():
    toy = SyntheticFamily((-3.0, -3.0), size=4)
    U = toy.space.to_unit(toy.contexts)
    D = np.abs(U[:, None] - U).sum(axis=2)
    best = min(cost(D, chosen) for chosen in combinations(range(16), 3))
    assert cost(D, KMedoids(3).plan(toy.empty())) == pytest.approx(best)


def test_the_change_of_each_swap_is_that_of_making_it():
    rng = np.random.default_rng(0)
    D = rng.random((8, 11))
    for medoids in ([2], greedy(D, 3)):
        expected = [
            [
                cost(D, [*medoids[:i], c, *medoids[i + 1 :]]) - cost(D, medoids)
                for i in range(len(medoids))
            ]
            for c in range(8)
        ]
        if len(medoids) > 1:
            np.testing.assert_allclose(swap_changes(D, medoids), expected, atol=1e-12)
        else:
            assert swap_changes(D, medoids).argmin() == np.argmin(expected)


def test_even_medoids_on_a_line_serve_as_well_as_even_spacing():
    toy = LinearGapToy.flat(30)
    ours = toy.coverage(run(KMedoids(5), toy, 5))
    assert ours == pytest.approx(toy.optimum(5).coverage)
    assert ours >= toy.coverage(run(Equidistant(5), toy, 5)) - 1e-12


@pytest.mark.parametrize("selector", [KMedoids(6), SobolDesign(6, 1)])
def test_the_plan_comes_first_and_then_the_holes(selector):
    toy = SyntheticFamily((-3.0, -3.0), size=6)
    picks = run(selector, toy, 8)
    assert set(picks[:6]) == set(selector.plan(toy.empty()))
    assert len(set(picks)) == 8


def test_sobol_depends_on_its_seed_alone():
    toy = SyntheticFamily((-3.0, -3.0), size=6)
    assert run(SobolDesign(6, 1), toy, 6) == run(SobolDesign(6, 1), toy, 6)
    assert run(SobolDesign(6, 1), toy, 6) != run(SobolDesign(6, 2), toy, 6)


def test_a_budget_beyond_the_candidates_takes_them_all():
    toy = LinearGapToy.flat(5)
    for selector in (KMedoids(9), SobolDesign(9)):
        assert sorted(selector.plan(toy.empty())) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("make", "name"), [(KMedoids, "k-medoids"), (SobolDesign, "sobol")])
def test_a_budget_of_nothing_is_refused(make, name):
    with pytest.raises(InvalidExperiment, match=f"budget of '{name}' must be at least 1; got 0"):
        make(0)
