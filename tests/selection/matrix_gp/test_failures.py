"""Flat rows that reach nothing are failures; flat rows that are good are not."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.selection.matrix_gp.failures import (
    REACH,
    chance_of_success,
    failed,
    failed_trainings,
    structure,
)

U = np.linspace(0.0, 1.0, 21)


def sloped(centre: float) -> np.ndarray:
    return 1.0 - np.abs(U - centre)


def test_flat_and_low_rows_are_failures():
    R = np.stack([sloped(0.2), np.full(21, -0.3), sloped(0.8), np.full(21, 0.1)])
    assert failed(R).tolist() == [False, True, False, True]


def test_a_little_noise_does_not_hide_a_failure():
    noise = 0.01 * np.random.default_rng(0).standard_normal(21)
    assert failed(np.stack([sloped(0.2), sloped(0.7), noise - 0.3])).tolist() == [False] * 2 + [
        True
    ]


def test_a_plateau_is_not_a_failure():
    """Flat because solved everywhere."""
    assert not failed(np.stack([sloped(0.2), np.full(21, 1.0), sloped(0.8)])).any()


def test_a_bad_row_with_a_slope_is_not_a_failure():
    assert not failed(np.stack([sloped(0.2), sloped(0.5) - 3.0, sloped(0.8)])).any()


@pytest.mark.parametrize("row", [sloped(0.5), np.full(21, -5.0)])
def test_one_row_is_never_judged(row):
    assert failed(row[None]).tolist() == [False]


def test_rows_that_are_all_alike_are_all_kept():
    assert not failed(np.full((4, 21), 2.0)).any()


def weak(centre: float, height: float = 0.0, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Return a row of a weak gap, with noise."""
    luck = noise * np.random.default_rng(seed).standard_normal(len(FINE))
    return height - 0.5 * np.abs(FINE - centre) + luck


FINE = np.linspace(0.0, 1.0, 50)


def test_noise_as_large_as_a_weak_gap_does_not_hide_a_failure():
    flat = 0.03 * np.random.default_rng(1).standard_normal(50) - 0.9
    R = np.stack([weak(0.2, noise=0.03), weak(0.6, noise=0.03, seed=2), flat])
    X, Y = np.array([[0.2], [0.6], [0.9]]), FINE[:, None]
    assert not failed(R).any()
    assert failed_trainings(X, Y, R).tolist() == [False, False, True]


def test_a_low_row_that_falls_off_from_its_source_is_kept_however_weakly():
    low = 0.15 * weak(0.9) - 0.9
    R = np.stack([weak(0.2), weak(0.6), low])
    X, Y = np.array([[0.2], [0.6], [0.9]]), FINE[:, None]
    assert failed(R, 0.35)[2]
    assert not failed_trainings(X, Y, R).any()


def test_structure_is_the_share_of_variance_that_losses_and_tilts_explain():
    x, Y = np.array([[0.3]]), FINE[:, None]
    assert structure(x, Y, weak(0.3)) == pytest.approx(1.0)
    assert structure(x, Y, 2.0 + 0.7 * FINE) == pytest.approx(1.0)  # only how hard targets are
    middle = np.array([[0.5]])
    assert structure(middle, Y, -weak(0.5)) < 0.1  # better far away: no gap is like that
    assert structure(x, Y, np.random.default_rng(0).standard_normal(50)) < 0.2
    assert structure(x, Y, np.full(50, 3.0)) == 0.0


def test_neighbours_of_failures_are_less_likely_to_train():
    X = np.linspace(0.0, 1.0, 101)[:, None]
    trained, bad = np.array([[0.3], [0.8]]), np.array([True, False])
    chance = chance_of_success(X, trained, bad)
    assert chance.argmin() == 30
    assert (np.diff(chance[:30]) < 0.0).all()
    assert (np.diff(chance[30:70]) > 0.0).all()
    assert chance[30] == pytest.approx(0.5, abs=0.01)
    far = np.abs(X[:, 0] - 0.3) > 4.0 * REACH
    assert (chance[far] > 0.999).all()


def test_the_more_failures_there_are_the_worse_it_gets_unless_others_trained_there():
    here = np.array([[0.5, 0.5]])
    trained = here + 0.01 * np.arange(4)[:, None]
    chances = [
        float(chance_of_success(here, trained[:k], np.ones(k, dtype=bool))[0]) for k in (1, 2, 4)
    ]
    assert chances == sorted(chances, reverse=True)
    mixed = chance_of_success(here, trained, np.array([True, False, False, False]))
    assert chances[0] < mixed[0] < 1.0


def test_without_failures_all_are_alike():
    rng = np.random.default_rng(0)
    chance = chance_of_success(rng.random((5, 2)), rng.random((3, 2)), np.zeros(3, dtype=bool))
    assert chance.tolist() == [1.0] * 5
