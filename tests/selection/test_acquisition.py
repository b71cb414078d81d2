from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltransfer.selection import acquisition
from rltransfer.selection.acquisition import covered, expected_gain, exploration


def problem(seed: int, n: int, m: int, d: int):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=n),
        rng.random((n, d)),
        rng.random((m, d)),
        rng.random(d),
        rng.normal(size=m),
    )


def by_loops(U, X, Y, w, V):
    """The formula, term by term; and how many terms are positive."""
    gains, counts = [], []
    for x in range(len(X)):
        terms = []
        for y in range(len(Y)):
            gap = sum(w[j] * abs(X[x][j] - Y[y][j]) for j in range(len(w)))
            terms.append(max(U[x] - gap - V[y], 0.0))
        gains.append(math.fsum(terms) / len(terms))
        counts.append(sum(t > 0 for t in terms))
    return gains, counts


@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 9), st.integers(1, 4))
def test_the_acquisition_is_its_formula(seed, n, m, d):
    arguments = problem(seed, n, m, d)
    gains, counts = by_loops(*arguments)
    np.testing.assert_allclose(expected_gain(*arguments), gains, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(covered(*arguments), counts)


@pytest.mark.parametrize("chunk", [1, 7, 64, 10_000])
def test_chunks_change_nothing(monkeypatch, chunk):
    arguments = problem(0, 50, 13, 3)
    whole = expected_gain(*arguments)
    monkeypatch.setattr(acquisition, "CHUNK", chunk)
    np.testing.assert_array_equal(expected_gain(*arguments), whole)


def test_exploration_grows_slowly():
    assert exploration(1) == 0.0
    assert [exploration(k) for k in (2, 15)] == [math.sqrt(math.log(2)), math.sqrt(math.log(15))]
