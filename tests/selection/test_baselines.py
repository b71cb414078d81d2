from __future__ import annotations

import numpy as np
import pytest

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.errors import InvalidExperiment
from rltransfer.selection import (
    Equidistant,
    GreedyBisection,
    RandomSelector,
    equidistant_curve,
    replay,
)
from rltransfer.selection.plans import distance_saved, nearest_source
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily
from rltransfer.transfer import TransferMatrix


def picks(selector, toy, rounds):
    return list(replay(selector, toy.truth, toy.space, toy.contexts, toy.contexts, rounds).trained)


def test_random_follows_its_permutation():
    toy = LinearGapToy.flat(20)
    order = np.random.default_rng(5).permutation(20).tolist()
    assert picks(RandomSelector(5), toy, 20) == order
    assert picks(RandomSelector(6), toy, 20) != order


def test_random_skips_what_others_trained():
    toy = LinearGapToy.flat(20)
    order = np.random.default_rng(5).permutation(20).tolist()
    transfer = toy.empty().learn(order[0], toy.truth[0][:, None])
    transfer = transfer.learn(order[2], toy.truth[0][:, None])
    assert RandomSelector(5).propose(transfer).index == order[1]


@pytest.mark.parametrize("k", [1, 3, 5, 9, 15])
def test_equidistant_is_optimal_for_equal_set_points(k):
    toy = LinearGapToy.flat(45)
    chosen = picks(Equidistant(k), toy, k)
    assert toy.coverage(chosen) == pytest.approx(toy.optimum(k).coverage)
    assert chosen[0] == 22


def test_equidistant_starts_in_the_middle_and_is_fair_to_every_prefix():
    toy = LinearGapToy.flat(45)
    chosen = picks(Equidistant(5), toy, 5)
    assert chosen == [22, 4, 40, 13, 31]


def test_equidistant_goes_on_after_its_budget():
    toy = LinearGapToy.flat(45)
    chosen = picks(Equidistant(3), toy, 6)
    assert sorted(chosen[:3]) == [7, 22, 37]
    transfer = toy.empty()
    for index in chosen[:3]:
        transfer = transfer.learn(index, toy.truth[index][:, None])
    proposal = Equidistant(3).propose(transfer)
    assert "fills the largest hole" in proposal.reason


def test_equidistant_spaces_evenly_on_the_candidates_own_scale():
    space = ContextSpace([ContextFeature("x", 1.0, 0.01, 100.0, scale="log")])
    grid = space.grid(81)
    chosen = Equidistant(4).plan(TransferMatrix.empty(space, grid, grid))
    np.testing.assert_allclose(
        [grid[i]["x"] for i in chosen], 10.0 ** np.array([-1.5, -0.5, 0.5, 1.5])
    )


def test_equidistant_spreads_over_many_features():
    family = SyntheticFamily((-3.0, -3.0), 8)
    for seed in (0, 1):
        plan = Equidistant(16, seed).plan(family.empty())
        assert len(set(plan)) == 16
        quarter = [(i // 8 // 4, i % 8 // 4) for i in plan]
        assert {q: quarter.count(q) for q in quarter} == dict.fromkeys(
            [(0, 0), (0, 1), (1, 0), (1, 1)], 4
        )
    assert Equidistant(16, 0).plan(family.empty()) != Equidistant(16, 1).plan(family.empty())


def test_equidistant_knows_small_sets_and_bad_budgets():
    toy = LinearGapToy.flat(3)
    assert sorted(Equidistant(10).plan(toy.empty())) == [0, 1, 2]
    with pytest.raises(InvalidExperiment, match="budget of 'equidistant' must be at least 1"):
        Equidistant(0)


def test_the_curve_of_even_spacing_is_planned_anew_for_each_budget():
    toy = LinearGapToy.flat(45)
    curve = equidistant_curve(toy.truth, toy.space, toy.contexts, toy.contexts, 9)
    for k in (1, 3, 5, 9):
        assert curve[k - 1] == pytest.approx(toy.optimum(k).coverage)
    assert (curve <= [toy.optimum(k).coverage + 1e-12 for k in range(1, 10)]).all()


def test_bisection_by_hand():
    toy = LinearGapToy.flat(13)  # positions 0, 1/12, …, 1
    # 6 is the middle; 0…6 is cut at 2, 6…12 at 10; then 2…6 at 4, 6…10 at 8; then the ends at a
    # third of what is left of them
    assert picks(GreedyBisection(), toy, 7) == [6, 2, 10, 4, 8, 1, 3]


def test_bisection_only_splits_intervals_with_candidates():
    space = ContextSpace([ContextFeature("x", 0.0, 0.0, 1.0)])
    contexts = space.from_unit(np.array([[0.0], [0.6], [0.65], [1.0]]))
    transfer = TransferMatrix.empty(space, contexts, contexts)
    for index in (0, 1):
        transfer = transfer.learn(index, np.zeros((4, 1)))
    assert GreedyBisection().propose(transfer).index == 3  # the longest, 0…0.6, holds no candidate


def test_bisection_in_the_square_takes_the_farthest():
    family = SyntheticFamily((-3.0, -3.0), 5)
    assert picks(GreedyBisection(), family, 5) == [12, 0, 4, 20, 24]


def test_distances_to_the_trained():
    toy = LinearGapToy.flat(5)
    units = toy.empty().units_targets
    np.testing.assert_array_equal(nearest_source(toy.empty(), units), np.full(5, 2.0))
    one = toy.empty().learn(1, toy.truth[1][:, None])
    np.testing.assert_array_equal(nearest_source(one, units), [0.25, 0, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(distance_saved(one)[[1, 3]], [0, (0.5 + 0.5) / 5])
