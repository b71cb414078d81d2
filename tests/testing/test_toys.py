"""The toys are what they say, and nothing beats the optimum they declare."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltransfer.selection import SELECTORS, SequentialOracle, make_selector, replay
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily, synthetic_transfer_matrix

small_toys = st.builds(
    LinearGapToy,
    st.lists(st.floats(-2, 2), min_size=3, max_size=7).map(tuple),
    st.floats(0, 5),
)


@given(small_toys, st.integers(1, 3))
@settings(deadline=None)
def test_the_optimum_is_that_of_trying_all_sets(toy, k):
    n = len(toy.set_points)
    brute = max(toy.coverage(s) for s in itertools.combinations_with_replacement(range(n), k))
    found = toy.optimum(k)
    assert found.coverage == pytest.approx(brute, abs=1e-9)
    assert toy.coverage(found.sources) == pytest.approx(brute, abs=1e-9)
    assert len(found.sources) == k


def test_no_random_set_beats_the_optimum():
    toy, rng = LinearGapToy.wavy(60), np.random.default_rng(0)
    for k in (1, 3, 6):
        best = toy.optimum(k).coverage
        sets = (rng.choice(60, size=k, replace=False) for _ in range(2000))
        assert max(toy.coverage(s) for s in sets) <= best + 1e-12


@pytest.mark.parametrize("name", SELECTORS)
@pytest.mark.parametrize(
    "toy", [LinearGapToy.flat(45), LinearGapToy.wavy(45)], ids=["flat", "wavy"]
)
def test_no_selector_beats_the_optimum(name, toy):
    selector = make_selector(name, seed=0, budget=8, score=(0.0, 1.0))
    curve = replay(selector, toy.truth, toy.space, toy.contexts, toy.contexts, 8).coverage_curve()
    best = [toy.optimum(k).coverage for k in range(1, 9)]
    assert (curve <= np.array(best) + 1e-12).all()


@pytest.mark.parametrize("k", [1, 3, 5, 9, 15])
def test_equal_set_points_want_evenly_spaced_sources(k):
    """Blocks of 2m + 1 targets around each source: mean distance h·m(m + 1) / (2m + 1)."""
    toy = LinearGapToy.flat(45, level=2.0, slope=3.0)
    block = 45 // k
    m = block // 2
    assert toy.optimum(k).sources == tuple(range(m, 45, block))
    mean_distance = m * (m + 1) / (2 * m + 1) / 44
    assert toy.optimum(k).coverage == pytest.approx(2.0 - 3.0 * mean_distance)


def test_the_linear_gap_is_linear():
    toy = LinearGapToy.wavy(11, slope=2.0)
    np.testing.assert_allclose(np.diag(toy.truth), toy.set_points)
    np.testing.assert_allclose(toy.truth[4, 7], toy.set_points[4] - 0.6)
    assert toy.empty().sources == toy.empty().targets == toy.contexts


def by_hand(below, size, a, b):
    """The synthetic matrix, entry by entry."""
    grid = list(itertools.product(range(size), repeat=len(below)))
    rows = []
    for x in grid:
        row = []
        for y in grid:
            loss = 0.0
            for j, left in enumerate(below):
                d = x[j] - y[j]
                loss += left * min(d, 0) + 3 * max(d, 0)
            row.append(500 - loss + a * sum(x) + b * sum(y))
        rows.append(row)
    return np.array(rows, dtype=float)


@pytest.mark.parametrize("below", [(-3.0, -3.0), (1.0, -3.0), (1.0, 1.0, -3.0)])
@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (4.0, 0.0), (4.0, 3.0)])
def test_the_synthetic_family_entry_by_entry(below, a, b):
    family = SyntheticFamily(below, 4, a, b)
    np.testing.assert_allclose(family.truth, by_hand(below, 4, a, b))
    np.testing.assert_allclose(family.space.to_array(family.contexts)[5][-2:], [1, 1])


@pytest.mark.parametrize("below", [(-3.0,) * 3, (1.0, 1.0, -3.0)])
@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (4.0, 3.0), (1.5, 0.0)])
def test_nothing_beats_the_synthetic_optima(below, a, b):
    family = SyntheticFamily(below, 5, a, b)
    single = family.truth.mean(axis=1)
    assert family.best_single().coverage == pytest.approx(single.max())
    assert single[family.best_single().sources[0]] == pytest.approx(single.max())
    assert family.ceiling() == pytest.approx(family.truth.max(axis=0).mean())
    oracle = replay(
        SequentialOracle(family.truth), family.truth, family.space, family.contexts,
        family.contexts, 12,
    ).coverage_curve()  # fmt: skip
    assert oracle[0] == pytest.approx(family.best_single().coverage)
    assert (oracle <= family.ceiling() + 1e-9).all()


def test_noise_is_fresh_and_repeatable():
    family = SyntheticFamily((1.0, -3.0), 6, noise=5.0)
    first, second = (family.draw(np.random.default_rng(s)) for s in (0, 1))
    assert (first - family.truth).std() == pytest.approx(5.0, rel=0.1)
    assert not np.allclose(first, second)
    again = synthetic_transfer_matrix(np.random.default_rng(0), (1.0, -3.0), 6, noise=5.0)
    np.testing.assert_array_equal(first, again)
