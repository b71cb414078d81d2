from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.law import GapLaw, displacements, parts_of
from rltransfer.experiment.gap_study.row import PolicyRow


def fitted(rows, space, targets):
    return GapLaw.fit(rows, space, targets, np.random.default_rng(0))


def saturating(below, above, width=0.3):
    """A gap of `below` and `above` at `width` and beyond, linear before it."""

    def gap(apart):
        share = np.clip(np.abs(apart) / width, 0.0, 1.0)
        return np.where(apart < 0, below, above) * share

    return gap


def test_an_asymmetric_saturating_law_is_found_again(ground, row):
    """Its width, 0.3, is one that the profile has; so the law is exactly right."""
    rows = [row(ground, home, saturating(30.0, 120.0)) for home in ground.targets[2:10:2]]
    law = fitted(rows, ground.space, ground.targets)
    assert law.explained == pytest.approx(1.0, abs=1e-6)
    assert law.error == pytest.approx(0.0, abs=1e-2)
    below, above = law.sides
    assert (below.feature, below.side, above.side) == ("length", "below", "above")
    assert below.slope == pytest.approx(100.0, rel=1e-3)
    assert below.loss == pytest.approx(30.0, rel=1e-3)
    assert above.slope == pytest.approx(400.0, rel=1e-3)
    assert above.loss == pytest.approx(120.0, rel=1e-3)
    assert above.half == pytest.approx(0.15, abs=0.005)
    assert law.points == 4 * 12


def test_targets_that_become_easier_are_a_gain_on_one_side(ground, row):
    rows = [row(ground, ground.targets[5], lambda apart: -50.0 * apart)]
    law = fitted(rows, ground.space, ground.targets)
    below, above = law.sides
    assert below.loss == pytest.approx(50.0 * below.far, rel=1e-3)
    assert above.loss == pytest.approx(-50.0 * above.far, rel=1e-3)
    assert law.explained == pytest.approx(1.0, abs=1e-6)


def test_the_fit_is_scipys_non_negative_least_squares(ground, row):
    homes = ground.targets[1:11:3]
    rows = [row(ground, home, saturating(90.0, 40.0, 0.45), noise=20.0, seed=k)
            for k, home in enumerate(homes)]  # fmt: skip
    x, y, gaps, _ = displacements(rows, ground.space, ground.targets)
    A = parts_of(x, y)
    c, _ = nnls(A, gaps)
    law = fitted(rows, ground.space, ground.targets)
    assert law.error == pytest.approx(np.sqrt(np.mean((gaps - A @ c) ** 2)), rel=1e-5)
    ours = law.along(0, (y - x)[:, 0])
    np.testing.assert_allclose(ours, A @ c, atol=0.05)


def test_two_features_add_up():
    import rltransfer

    env = rltransfer.make("cartpole")
    space = env.space.select(["length", "gravity"])
    targets = tuple(env.space.validate(x) for x in space.grid(5))
    U = space.to_unit(targets)
    rows = []
    for home in (targets[6], targets[12], targets[18]):
        apart = U - space.to_unit([home])[0]
        loss = 100.0 * np.abs(apart[:, 0]) + 20.0 * np.clip(apart[:, 1], 0.0, None)
        rows.append(PolicyRow("made", (home,), 300.0 - loss[:, None], np.array([[300.0]])))
    law = fitted(rows, space, targets)
    told = {(side.feature, side.side): side.slope for side in law.sides}
    assert told["length", "below"] == pytest.approx(100.0, rel=1e-3)
    assert told["length", "above"] == pytest.approx(100.0, rel=1e-3)
    assert told["gravity", "above"] == pytest.approx(20.0, rel=1e-3)
    assert told["gravity", "below"] == pytest.approx(0.0, abs=0.05)


def test_distance_is_to_the_nearest_training_context(ground, row):
    homes = (ground.targets[2], ground.targets[8])
    apart = ground.space.to_unit(ground.targets)[:, 0]
    nearest = np.abs(apart[:, None] - apart[[2, 8]]).min(axis=1)
    many = PolicyRow("many", homes, 400.0 - 80.0 * nearest[:, None], np.full((2, 1), 400.0))
    law = fitted([many], ground.space, ground.targets)
    assert law.explained == pytest.approx(1.0, abs=1e-6)
    assert [side.slope for side in law.sides] == pytest.approx([80.0, 80.0], rel=1e-3)


def test_without_a_home_or_with_another_fixed_feature_there_is_no_law(ground, row):
    homeless = PolicyRow("unknown", (), np.ones((12, 2)), np.ones((0, 2)))
    assert fitted([homeless], ground.space, ground.targets) is None
    elsewhere = ground.env.space.validate({"gravity": 5.0})
    assert fitted([row(ground, elsewhere, np.abs)], ground.space, ground.targets) is None


def test_few_contexts_make_no_law(ground, row):
    few = Ground(ground.env, ground.space, ground.targets[:5])
    assert fitted([row(few, few.targets[0], np.abs)], few.space, few.targets) is None


def test_policies_that_agree_leave_no_doubt_and_others_do(ground, row):
    homes = ground.targets[2:8]
    alike = fitted(
        [row(ground, x, saturating(30.0, 120.0)) for x in homes], ground.space, ground.targets
    )
    for side in alike.sides:
        assert side.slope_ends == pytest.approx((side.slope, side.slope), rel=1e-3)
        assert side.loss_ends == pytest.approx((side.loss, side.loss), rel=1e-3)
    other = [row(ground, x, saturating(30.0, 100.0 + 10.0 * k)) for k, x in enumerate(homes)]
    above = fitted(other, ground.space, ground.targets).sides[1]
    assert above.slope_ends[0] < above.slope < above.slope_ends[1]
    assert fitted(other[:4], ground.space, ground.targets).sides[1].slope_ends is None
