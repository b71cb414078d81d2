from __future__ import annotations

import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltransfer.selection import acquisition, acquisition_blocks
from rltransfer.selection.acquisition import expected_gain
from rltransfer.selection.acquisition_blocks import gain_sums
from rltransfer.selection.pairs import pair_sums, sums_in_numpy

WAYS = {"numpy": sums_in_numpy, "fastest": pair_sums()}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def plain(U, X, Y, w, V):
    """The formula on the whole array of N x M x d."""
    gap = (w * np.abs(X[:, None] - Y)).sum(axis=2)
    return np.maximum(U[:, None] - gap - V, 0.0).mean(axis=1)


def smooth(n, d, seed=0):
    """Set points and what ten sources reach, on candidates that are the targets."""
    rng = np.random.default_rng(seed)
    X, w = rng.random((n, d)), rng.uniform(0.3, 1.5, d)
    level = np.sin(3.0 * X).mean(axis=1)
    trained = range(10)
    V = np.max([level[s] - np.abs(X - X[s]) @ w for s in trained], axis=0)
    return level + 0.2, X, X, w, V


@st.composite
def problems(draw):
    """Few different numbers, so that ties, duplicates and zeros are frequent; or reals."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, m, d = draw(st.integers(1, 40)), draw(st.integers(1, 60)), draw(st.integers(1, 5))
    numbers = (lambda *shape: rng.integers(-2, 3, shape).astype(float)) if draw(st.booleans()) \
        else (lambda *shape: rng.normal(size=shape))  # fmt: skip
    U, X, Y, w, V = numbers(n), numbers(n, d), numbers(m, d), np.abs(numbers(d)), numbers(m)
    U += draw(st.sampled_from([-20.0, 0.0, 1.0, 5.0, 50.0]))
    V[rng.random(m) < draw(st.sampled_from([0.0, 0.2]))] = np.inf
    V[rng.random(m) < draw(st.sampled_from([0.0, 0.0, 0.05, 1.0]))] = -np.inf
    return U, X, Y, w, V


@ways
@pytest.mark.parametrize("sizes", [(1, 1), (3, 4), (16, 8)])
def test_blocks_change_nothing(way, sizes):
    @given(problems())
    @settings(max_examples=120, deadline=None)
    def agree(problem):
        U, X, Y, w, V = problem
        sums = gain_sums(U, X * w, V, Y * w, way)
        np.testing.assert_allclose(sums / len(Y), plain(*problem), rtol=1e-9, atol=1e-13)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acquisition_blocks, "CANDIDATES", sizes[0])
        patch.setattr(acquisition_blocks, "TARGETS", sizes[1])
        agree()


@pytest.mark.parametrize("d", [1, 2, 3, 7])
def test_many_pairs_are_met_in_blocks_and_agree(monkeypatch, d):
    arguments = smooth(1500, d)
    monkeypatch.setattr(acquisition, "MANY", 1)
    np.testing.assert_allclose(expected_gain(*arguments), plain(*arguments), rtol=1e-9)


def test_few_pairs_load_no_numba(monkeypatch):
    monkeypatch.setattr(acquisition, "pair_sums", lambda: pytest.fail("asked for a kernel"))
    expected_gain(*smooth(512, 2))


@pytest.mark.parametrize("level", [-10.0, 10.0])
def test_where_no_margin_changes_sign_no_pair_is_formed(level):
    U, X, Y, w, V = smooth(300, 2)
    formed = []

    def spy(u, x, V, Y, blocks, side):
        formed.extend(blocks)
        return sums_in_numpy(u, x, V, Y, blocks, side)

    sums = gain_sums(U + level, (X + 1.0) * w, V, Y * w, spy)  # all candidates above all targets
    np.testing.assert_allclose(sums / 300, plain(U + level, X + 1.0, Y, w, V), rtol=1e-9)
    assert len(set(formed)) <= 1  # the block that was filled up


@pytest.mark.parametrize("which", range(5))
def test_what_is_no_number_stays_so(monkeypatch, which):
    U, X, Y, w, V = arguments = smooth(50, 2)
    arguments[which].flat[1] = np.nan
    monkeypatch.setattr(acquisition, "MANY", 1)
    np.testing.assert_array_equal(
        np.isnan(expected_gain(U, X, Y, w, V)), np.isnan(plain(U, X, Y, w, V))
    )


def test_memory_grows_with_the_candidates_not_with_the_pairs():
    arguments = smooth(8000, 3)
    tracemalloc.start()
    try:
        expected_gain(*arguments)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100e6  # 8,000 x 8,000 numbers would be 512 MB


def test_numba_can_be_left_out(monkeypatch):
    monkeypatch.setenv("RLTRANSFER_NUMBA", "0")
    assert pair_sums() is sums_in_numpy


def test_without_numba_numpy_sums(monkeypatch):
    for module in ("rltransfer.selection.compiled_pairs", "rltransfer.compiling"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)  # as if it were not installed
    assert pair_sums() is sums_in_numpy


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_hundred_thousand_candidates_are_exact(d):
    U, X, Y, w, V = smooth(100_000, d)
    rows = np.random.default_rng(1).choice(len(X), 20, replace=False)
    gain = expected_gain(U, X, Y, w, V)[rows]
    np.testing.assert_allclose(gain, plain(U[rows], X[rows], Y, w, V), rtol=1e-9)
