from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rltransfer.experiment.gap_study.findings import Findings, mean_of
from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.method import Method, Training
from rltransfer.experiment.gap_study.notes import COVERED
from rltransfer.experiment.gap_study.row import PolicyRow


def found(method, ground, worst=0.25, best=None):
    mark = method.mean if best is None else best
    return Findings.of(method, ground, mark, worst, np.random.default_rng(0))


def linear(apart):
    return 100.0 * np.abs(apart)


def test_gaps_are_set_point_less_return(ground, row, method):
    home = ground.targets[4]
    told = found(method("one", [row(ground, home, linear)]), ground)
    apart = np.abs(np.arange(12) - 4) / 11
    np.testing.assert_allclose(told.gaps, 100.0 * apart, atol=1e-9)
    assert told.gap.estimate == pytest.approx(100.0 * apart.mean())
    assert told.returns.estimate == pytest.approx(400.0 - 100.0 * apart.mean())
    assert told.worst.estimate == pytest.approx(400.0 - 100.0 * np.sort(apart)[-3:].mean())
    score = ground.env.spec.score
    assert told.score.estimate == pytest.approx(
        (told.returns.estimate - score.low) / (score.high - score.low)
    )


def test_regret_is_against_the_best_that_is_known(ground, row, method):
    one = method("one", [row(ground, ground.targets[4], linear)])
    told = found(one, ground, best=one.mean + 7.0)
    np.testing.assert_allclose(told.regret, 7.0)


def test_without_a_split_a_trainings_own_contexts_divide_the_others(ground, row):
    """Served by policies of contexts 2 and 8: between them is interpolation."""
    rows = tuple(row(ground, ground.targets[k], linear) for k in (2, 8))
    told = found(Method("two", (Training(0, rows),)), ground)
    expected = [2, 2, 0, 1, 1, 1, 1, 1, 0, 2, 2, 2]
    assert told.common_parts.tolist() == expected
    parts = {part.name: part for part in told.by_part}
    assert {name: part.contexts for name, part in parts.items()} == {
        "train": 2, "interpolation": 5, "extrapolation": 5, "held-out": 10,
    }  # fmt: skip
    apart = np.minimum(np.abs(np.arange(12) - 2), np.abs(np.arange(12) - 8)) / 11
    inside, outside = np.array(expected) == 1, np.array(expected) == 2
    assert parts["interpolation"].lost.estimate == pytest.approx(100 * apart[inside].mean())
    assert parts["extrapolation"].lost.estimate == pytest.approx(100 * apart[outside].mean())
    assert parts["train"].lost is None


def test_a_split_divides_all_trainings_alike(row, method):
    import rltransfer

    env = rltransfer.make("cartpole")
    split = env.split("inner60", 6, ["length"])
    targets = tuple(
        env.space.validate(x) for x in split.train + split.interpolation + split.extrapolation
    )
    ground = Ground(env, env.space.select(["length"]), targets, split)
    told = found(method("one", [row(ground, targets[0], linear)]), ground)
    counts = np.bincount(told.common_parts).tolist()
    assert counts == [len(split.train), len(split.interpolation), len(split.extrapolation)]
    J = told.method.mean
    n = len(split.train)
    assert told.lost["held-out"].estimate == pytest.approx(J[:n].mean() - J[n:].mean())


def test_an_interval_of_the_gap_keeps_set_point_and_return_together(ground, row, method):
    """A training that is better everywhere has the same gaps: luck of the level cancels."""
    rows = [row(ground, ground.targets[4], linear, level=level) for level in (200.0, 300.0, 400.0)]
    told = found(method("three", rows), ground)
    assert told.returns.high - told.returns.low > 50.0
    assert told.gap.low == pytest.approx(told.gap.high)
    np.testing.assert_allclose(told.low, told.high)


def test_a_mean_over_trainings_has_scipys_bootstrap_interval():
    x = np.random.default_rng(1).normal(size=8)
    ours = mean_of(x[:, None], np.random.default_rng(0))
    theirs = stats.bootstrap((x,), np.mean, method="percentile", rng=2).confidence_interval
    assert ours[::2] == pytest.approx(theirs, abs=0.05)


def test_with_one_training_the_noise_of_the_set_point_is_in_every_gap(ground, method):
    """400 contexts do not narrow an interval that is only as sure as 16 episodes at home."""
    rng = np.random.default_rng(0)
    own = rng.normal(400.0, 16.0, size=(1, 16))
    told = found(
        method("one", [PolicyRow("one", (ground.targets[0],), np.full((12, 16), 300.0), own)]),
        ground,
    )
    half = 1.96 * own.std() / 4
    assert (told.gap.high - told.gap.low) / 2 == pytest.approx(half, rel=0.15)


def test_a_policy_without_home_has_no_gap_but_returns(ground, method):
    row = PolicyRow("unknown", (), np.full((12, 3), 250.0), np.empty((0, 3)))
    told = found(method("unknown", [row]), ground)
    assert told.gap is None
    assert told.law is None
    assert told.by_part == ()
    assert told.returns.estimate == 250.0
    assert np.isnan(told.gaps).all()


@pytest.mark.parametrize("seeds", sorted(COVERED))
def test_intervals_over_a_few_trainings_cover_as_rarely_as_is_told(seeds):
    rng = np.random.default_rng(seeds)
    intervals = [mean_of(x[:, None], rng) for x in rng.normal(size=(600, seeds))]
    share = np.mean([low <= 0.0 <= high for low, _, high in intervals])
    assert share == pytest.approx(COVERED[seeds] / 100, abs=0.06)  # 3 standard errors
