from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rltransfer.experiment.gap_study.comparison import MethodComparison, sign_flip_p
from rltransfer.experiment.gap_study.method import Method, Training


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def flat(gain):
    return lambda apart: np.full(len(apart), -gain)


def pairs(ground, row, method, levels, gains, noise=0.0):
    """Two methods, of which the first returns so much more in each training."""
    home = ground.targets[4]
    A = [row(ground, home, flat(g), level, noise, seed=k)
         for k, (level, g) in enumerate(zip(levels, gains, strict=True))]  # fmt: skip
    B = [row(ground, home, flat(0.0), level, noise, seed=90 + k) for k, level in enumerate(levels)]
    return method("a", A), method("b", B)


def test_paired_trainings_cancel_the_luck_that_they_share(ground, row, method, rng):
    levels, gains = [100.0, 200.0, 300.0, 400.0, 450.0, 250.0], [5.0, 6.0, 7.0, 5.5, 6.5, 6.0]
    found = MethodComparison.of(*pairs(ground, row, method, levels, gains), rng)
    assert found.paired
    assert found.difference.estimate == pytest.approx(6.0)
    assert 5.0 < found.difference.low < found.difference.high < 7.0
    assert found.trainings_p == pytest.approx(found.least_p) == pytest.approx(2 / 2**6)
    assert found.contexts_p < 0.01
    students = stats.ttest_1samp(gains, 0.0).confidence_interval()
    assert found.students[::2] == pytest.approx(students)
    np.testing.assert_allclose(found.by_context, 6.0)


def test_other_seeds_are_not_paired(ground, row, method, rng):
    first, second = pairs(ground, row, method, [100.0, 200.0, 300.0], [5.0, 5.0, 5.0])
    moved = Method("b", tuple(Training(t.seed + 7, t.rows) for t in second.trainings))
    found = MethodComparison.of(first, moved, rng)
    assert not found.paired
    assert found.trainings_p is None
    assert found.difference.estimate == pytest.approx(5.0)
    assert found.difference.low < -50.0 < 50.0 < found.difference.high


def test_one_training_has_no_test_over_trainings(ground, row, method, rng):
    found = MethodComparison.of(*pairs(ground, row, method, [300.0], [5.0]), rng)
    assert found.trainings_p is None
    assert found.students is None
    assert found.improvement.estimate == 1.0


def test_equal_methods_do_not_differ(ground, row, method, rng):
    one = method("a", [row(ground, ground.targets[4], np.abs)])
    found = MethodComparison.of(one, Method("b", one.trainings), rng)
    assert found.difference == (0.0, 0.0, 0.0)
    assert found.gap_difference == (0.0, 0.0, 0.0)
    assert found.improvement.estimate == 0.5
    assert found.contexts_p == 1.0


def test_the_test_over_contexts_is_scipys_wilcoxon(ground, row, method, rng):
    first, second = pairs(ground, row, method, [300.0, 310.0], [1.0, 2.0], noise=3.0)
    found = MethodComparison.of(first, second, rng)
    assert found.contexts_p == pytest.approx(stats.wilcoxon(first.mean, second.mean).pvalue)


def test_signs_are_permuted_exactly(rng):
    """Of the 2^4 signs of 1, 2, 3, -1: those whose |sum| is at least 5, counted by hand."""
    x = np.array([1.0, 2.0, 3.0, -1.0])
    signs = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1)
    sums = np.abs(x @ signs)
    assert sign_flip_p(x, rng) == pytest.approx(np.mean(sums >= 5.0))
