"""The profile is its basis times its coefficients, and saturates where it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltransfer.selection.matrix_gp.profile import WIDTHS, Profile, basis

T = len(WIDTHS)


def random_coefficients(rng: np.random.Generator, d: int) -> np.ndarray:
    """Return non-negative coefficients, a third of them zero."""
    P = 2 * d * T + 2 * d
    return rng.exponential(size=P) * (rng.random(P) < 2 / 3)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 6),
    m=st.integers(1, 6),
    d=st.integers(1, 4),
    levels=st.sampled_from([None, 3]),
    seed=st.integers(0, 2**32 - 1),
)
def test_values_are_the_basis_times_the_coefficients(n, m, d, levels, seed):
    """On scattered points and on grids, where values repeat."""
    rng = np.random.default_rng(seed)
    X, Y = rng.random((n, d)), rng.random((m, d))
    if levels:
        X, Y = np.round(X * levels) / levels, np.round(Y * levels) / levels
    c = random_coefficients(rng, d)
    values = Profile.of(c, d).values(X, Y)
    assert values.shape == (n, m)
    assert values == pytest.approx(basis(X, Y) @ c, abs=1e-12)


def test_values_are_the_formula():
    """A loop over numbers, written from the docstring."""
    rng = np.random.default_rng(3)
    X, Y, a, b = rng.random((4, 2)), rng.random((5, 2)), rng.random((2, T)), rng.random((2, T))
    tilts = rng.standard_normal(2)
    expected = np.zeros((4, 5))
    for i, x in enumerate(X):
        for k, y in enumerate(Y):
            for j in range(2):
                expected[i, k] += tilts[j] * (y[j] - 0.5)
                for t, width in enumerate(WIDTHS):
                    expected[i, k] -= a[j, t] * min(max(x[j] - y[j], 0.0), width)
                    expected[i, k] -= b[j, t] * min(max(y[j] - x[j], 0.0), width)
    assert Profile(np.stack([a, b], axis=-1), tilts).values(X, Y) == pytest.approx(expected)


def test_a_negative_loss_on_one_side_needs_no_term_of_its_own():
    """Loss 1.5 above and gain 0.4 below: a smaller loss above, a tilt, and a level of the row."""
    rng = np.random.default_rng(0)
    X, Y = rng.random((7, 1)), rng.random((9, 1))
    delta = X - Y.T
    wanted = -1.5 * delta.clip(min=0.0) + 0.4 * (-delta).clip(min=0.0)
    losses = np.zeros((1, T, 2))
    losses[0, -1, 0] = 1.5 - 0.4
    h = Profile(losses, np.array([0.4])).values(X, Y)
    level = 0.4 * (0.5 - X)
    assert h + level == pytest.approx(wanted)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("t", "width"), list(enumerate(WIDTHS)))
def test_each_hinge_stops_at_its_width(t, width, side):
    losses = np.zeros((1, T, 2))
    losses[0, t, side] = 2.0
    distance = np.linspace(0.0, 1.0, 41)[:, None]
    X, Y = (distance, np.zeros((1, 1))) if side == 0 else (1.0 - distance, np.ones((1, 1)))
    loss = -Profile(losses, np.zeros(1)).values(X, Y)[:, 0]
    assert loss == pytest.approx(2.0 * np.minimum(distance[:, 0], width))
    assert not Profile(losses, np.zeros(1)).values(Y, X).any()  # nothing on the other side
