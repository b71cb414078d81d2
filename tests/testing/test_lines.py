"""Each family on a line is its formula, and every draw is another instance of it."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.selection import SequentialOracle, replay
from rltransfer.testing.lines import LINES, LineFamily, smooth

N = 50
U = np.linspace(0.0, 1.0, N)
SEEDS = range(20)


def draw(name: str, seed: int, size: int = N) -> np.ndarray:
    return LINES[name](np.linspace(0.0, 1.0, size), np.random.default_rng(seed))


@pytest.mark.parametrize("name", LINES)
def test_the_same_seed_is_the_same_instance_and_another_seed_another(name):
    family = LineFamily(LINES[name])
    first, again, other = (family.draw(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


@pytest.mark.parametrize("name", [name for name in LINES if name != "failing"])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_finer_grid_is_the_same_instance(name, seed):
    assert draw(name, seed, 99)[::2, ::2] == pytest.approx(draw(name, seed, 50))


@pytest.mark.parametrize("name", LINES)
def test_the_noise_is_added_to_the_formula(name):
    noisy = LineFamily(LINES[name], N, noise=0.02).draw(np.random.default_rng(5))
    noise = noisy - draw(name, 5)
    assert noise.shape == (N, N)
    assert noise.std() == pytest.approx(0.02, rel=0.05)
    assert abs(np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]) < 0.1


@pytest.mark.parametrize("name", LINES)
def test_returns_are_finite_and_of_the_order_of_one(name):
    J = np.stack([draw(name, seed) for seed in SEEDS])
    assert np.isfinite(J).all()
    assert -7.0 < J.min() < J.max() < 4.0


@pytest.mark.parametrize("name", LINES)
def test_the_contexts_are_an_even_grid_and_both_candidates_and_targets(name):
    empty = LineFamily(LINES[name], 7).empty()
    assert empty.sources == empty.targets
    assert empty.units_sources[:, 0] == pytest.approx(np.linspace(0, 1, 7))


@pytest.mark.parametrize("name", LINES)
def test_there_is_something_to_choose(name):
    """The oracle beats random orders by more than the noise of an entry."""
    for seed in range(3):
        family, rng = LineFamily(LINES[name]), np.random.default_rng(seed)
        truth = family.draw(rng)
        contexts = family.contexts
        oracle = replay(SequentialOracle(truth), truth, family.space, contexts, contexts, 15)
        orders = [rng.permutation(N)[:15] for _ in range(50)]
        random = np.mean([np.maximum.accumulate(truth[o]).mean() for o in orders])
        assert oracle.coverage_curve().mean() > random + 0.02


def test_linear_is_a_slope_and_a_tilt():
    for seed in SEEDS:
        J = draw("linear", seed)
        b = J[-1, -1] - J[0, 0]
        a = J[0, 0] - J[0, -1]
        assert 0.5 <= a <= 2.0
        assert -1.0 <= b <= 1.0
        formula = 1.0 - a * np.abs(U[:, None] - U) + b * U[:, None]
        assert pytest.approx(formula) == J


def test_humped_set_points_have_one_peak_and_even_slopes():
    for seed in SEEDS:
        J = draw("humped", seed)
        rises = np.diff(np.diag(J)) > 0
        assert np.count_nonzero(np.diff(rises)) <= 1
        assert J - np.diag(J)[:, None] == pytest.approx((J - np.diag(J)[:, None]).T)


def test_asymmetric_falls_steeply_on_one_side_only_and_on_either():
    steeper = []
    for seed in SEEDS:
        J = draw("asymmetric", seed)
        left, right = (J[25, 25] - J[25, end] for end in (0, -1))
        left, right = left / U[25], right / (1.0 - U[25])
        assert min(left, right) <= 0.5
        assert 1.0 <= max(left, right) <= 3.0
        steeper.append(left > right)
    assert 0 < sum(steeper) < len(steeper)


def test_saturating_decays_with_one_length():
    for seed in SEEDS:
        J = draw("saturating", seed)
        rate = np.log(J[:, :-1] / J[:, 1:])  # of each step to the right
        away = U[:-1] >= U[:, None]
        lengths = (U[1] - U[0]) / rate[away]
        assert lengths == pytest.approx(lengths[0], rel=1e-6)
        assert 0.04 <= lengths[0] <= 0.15


def test_a_quarter_of_the_trainings_fail_and_serve_no_target():
    failed = 0
    for seed in range(100):
        J, intact = draw("failing", seed), draw("linear", seed)
        rows = np.ptp(J, axis=1) == 0.0
        failed += rows.sum()
        assert ((J[rows] >= -0.5) & (J[rows] <= 0.0)).all()
        assert np.array_equal(J[~rows], intact[~rows])
    assert failed / (100 * N) == pytest.approx(0.25, abs=0.02)


def test_hard_targets_lower_every_source_alike():
    for seed in SEEDS:
        J = draw("hard targets", seed)
        dips = (J[0] + J[-1]) - (J[0] + J[-1]).max()  # the slopes to both ends cancel
        assert dips.min() < -0.3
        level = J - dips / 2.0
        fall = np.abs(U[:, None] - U)
        slope = (level[0, 0] - level[0, -1]) / fall[0, -1]
        assert level == pytest.approx((level + slope * fall)[:, :1] - slope * fall)


def test_a_smooth_set_point_stays_positive():
    s = np.stack([smooth(U, np.random.default_rng(seed)) for seed in range(200)])
    assert 0.08 <= s.min() < s.max() <= 1.92
    assert np.abs(np.diff(s, axis=1)).max() < 0.1
    assert np.ptp(s, axis=1).mean() > 0.3
