from __future__ import annotations

from rltransfer.selection import MPTS, RandomSelector, replay
from rltransfer.testing.toys import LinearGapToy


def run(seed, toy, rounds, J=None):
    table = toy.truth if J is None else J
    return replay(MPTS(seed), table, toy.space, toy.contexts, toy.contexts, rounds).trained


def test_the_first_pick_is_random():
    toy = LinearGapToy.wavy(20)
    assert MPTS(5).propose(toy.empty()).index == RandomSelector(5).propose(toy.empty()).index


def test_it_goes_where_the_targets_are_served_badly():
    toy = LinearGapToy.flat(41, slope=2.0)
    seen = toy.empty()
    for index in range(12):  # all sources lie at the left end
        seen = seen.learn(index, toy.truth[index][:, None])
    picks = [MPTS(seed).propose(seen).index for seed in range(8)]
    assert sum(index > 30 for index in picks) >= 6


def test_units_of_the_return_do_not_matter():
    toy = LinearGapToy.wavy(20)
    assert run(1, toy, 8) == run(1, toy, 8, 10.0 * toy.truth - 3.0)
    assert run(1, toy, 8) != run(2, toy, 8)
