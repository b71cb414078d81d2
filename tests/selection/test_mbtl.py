from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from rltransfer.errors import InvalidExperiment
from rltransfer.selection import MBTL, FixedSlope, LiteralMBTL, SequentialOracle, replay
from rltransfer.selection.gap import FittedSlope, spread
from rltransfer.selection.surrogate import SetPointGP
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily
from rltransfer.transfer import TransferMatrix


def learned(toy, picks, truth=None):
    truth = toy.truth if truth is None else truth
    transfer = toy.empty()
    for index in picks:
        transfer = transfer.learn(index, truth[index][:, None])
    return transfer


def run(selector, toy, rounds, truth=None):
    truth = toy.truth if truth is None else truth
    return replay(selector, truth, toy.space, toy.contexts, toy.contexts, rounds)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("picks", [[9], [9, 0], [9, 17, 2, 5], [3, 4, 5, 6, 12, 18, 0]])
@pytest.mark.parametrize("low", [0.0, 1.0])
def test_the_literal_variant_is_the_papers_formula(picks, low):
    """An independent double loop over indices, with scikit-learn's process set by hand."""
    toy = LinearGapToy.wavy(20)
    high, n = low + 1.5, 20
    proposal = LiteralMBTL(seed=4, theta=0.02, score=(low, high)).propose(learned(toy, picks))

    J = (toy.truth - low) / (high - low)
    process = GaussianProcessRegressor(
        ConstantKernel(1.0, (1e-3, 1e3)) * RBF(1.0, (1e-2, 1e2)),
        alpha=0.1**2,
        n_restarts_optimizer=9,
        random_state=4,
    ).fit(np.array(picks)[:, None], [J[x, x] for x in picks])
    mu, sigma = process.predict(np.arange(n)[:, None], return_std=True)
    beta = math.sqrt(math.log(len(picks) + 1))
    acquisition = []
    for x in range(n):
        total = 0.0
        for y in range(n):
            observed = 0.0
            for x_i in picks:
                observed = max(observed, J[x_i, y])
            total += max(mu[x] + beta * sigma[x] - 0.02 * abs(x - y) - observed, 0.0)
        acquisition.append(total / n)
    np.testing.assert_allclose(proposal.acquisition / (high - low), acquisition, rtol=0, atol=1e-12)
    best = max((x for x in range(n) if x not in picks), key=lambda x: acquisition[x])
    assert proposal.index == best
    assert proposal.predicted_gain == pytest.approx(1.5 * acquisition[best])
    assert proposal.predicted_set_point == pytest.approx(low + 1.5 * mu[best])


def test_negative_normalised_returns_count_as_zero_in_the_literal_variant():
    """With every return far below the floor, what is reached stays 0, and nothing can be won."""
    toy = LinearGapToy.flat(20, level=-50.0)
    proposal = LiteralMBTL(score=(0.0, 1.0)).propose(learned(toy, [9, 3]))
    raw = LiteralMBTL(score=(-60.0, -40.0)).propose(learned(toy, [9, 3]))
    assert (proposal.acquisition[[2, 3, 4, 8, 9, 10]] == 0).all()
    assert raw.acquisition.max() > 0


@pytest.mark.parametrize(("n", "first"), [(100, 49), (45, 22), (4, 1), (1, 0)])
def test_the_first_pick_is_the_middle(n, first):
    space = LinearGapToy.flat(5).space
    empty = TransferMatrix.empty(space, space.grid(n), space.grid(n))
    for selector in (MBTL(), LiteralMBTL()):
        proposal = selector.propose(empty)
        assert proposal.index == first
        assert proposal.reason == f"nothing is trained yet: the middle of {n} candidates"
        assert proposal.predicted_gain is None


def test_the_literal_variant_wants_a_line():
    family = SyntheticFamily((-3.0, -3.0), 3)
    with pytest.raises(InvalidExperiment, match=r"exactly one feature may vary; got 2: c0, c1"):
        LiteralMBTL().propose(family.empty())
    toy = LinearGapToy.flat(5)
    for sources, targets in (
        (toy.contexts, toy.contexts[:4]),
        ((toy.contexts[2], *toy.contexts[:2]), (toy.contexts[2], *toy.contexts[:2])),
    ):
        with pytest.raises(InvalidExperiment, match="must be the targets, in ascending or"):
            LiteralMBTL().propose(TransferMatrix.empty(toy.space, sources, targets))
    backwards = toy.contexts[::-1]
    assert LiteralMBTL().propose(TransferMatrix.empty(toy.space, backwards, backwards)).index == 2
    with pytest.raises(InvalidExperiment, match=r"theta of 'mbtl-literal' .* got -1"):
        LiteralMBTL(theta=-1.0)


@pytest.mark.parametrize("toy", [LinearGapToy.wavy(15), SyntheticFamily((-3.0, 1.0), 4, 4.0)])
def test_the_default_is_the_same_formula_on_the_unit_cube(toy):
    picks = [7, 1, 12]
    transfer = learned(toy, picks)
    proposal = MBTL().propose(transfer)
    u, w = transfer.units_sources, FittedSlope().slopes(transfer)
    mu, sigma = SetPointGP().posterior(u[picks], transfer.set_points, u, spread(transfer))
    for x in range(len(u)):
        terms = [
            mu[x]
            + math.sqrt(math.log(4)) * sigma[x]
            - sum(w * np.abs(u[x] - u[y]))
            - max(toy.truth[i, y] for i in picks)
            for y in range(len(u))
        ]
        expected = sum(max(t, 0.0) for t in terms) / len(terms)
        assert proposal.acquisition[x] == pytest.approx(expected, abs=1e-12 * abs(mu[x]))


@pytest.mark.parametrize(("scale", "shift"), [(500.0, 0.0), (0.001, 7.0), (12.5, -3000.0)])
def test_the_unit_of_the_returns_changes_no_pick(scale, shift):
    toy = LinearGapToy.wavy(45)
    noisy = toy.truth + 0.05 * np.random.default_rng(0).standard_normal(toy.truth.shape)
    picks = run(MBTL(), toy, 8, noisy).trained
    assert run(MBTL(), toy, 8, scale * noisy + shift).trained == picks


def test_the_reason_says_what_is_expected():
    toy = LinearGapToy.wavy(50)
    proposal = MBTL(gap=FixedSlope(0.5)).propose(learned(toy, [24]))
    n = int(proposal.reason.split("would cover ")[1].split(" of")[0])
    assert proposal.reason.startswith(f"largest expected gain {proposal.predicted_gain:.3g} (set")
    assert f"(set point {proposal.predicted_set_point:.3g} ±" in proposal.reason
    assert "gap 0.5 per unit length" in proposal.reason
    assert 0 < n <= 50
    assert "gap 0.05 per index" in LiteralMBTL(score=(0, 10)).propose(learned(toy, [24])).reason


def test_features_are_told_apart():
    family = SyntheticFamily((-3.0, -3.0, -3.0), 3)
    reason = MBTL().propose(learned(family, [13])).reason
    assert len(reason.split("gap ")[1].split(" per")[0].split(", ")) == 3


def test_candidates_and_targets_may_differ():
    toy = LinearGapToy.flat(45)
    targets = toy.contexts[30:]
    transfer = TransferMatrix.empty(toy.space, toy.contexts, targets)
    transfer = transfer.learn(0, toy.truth[0, 30:][:, None], own=toy.truth[0, 0])
    assert 30 <= MBTL().propose(transfer).index < 45


@pytest.mark.parametrize(
    ("toy", "share"),
    [(LinearGapToy.flat(45), 0.97), (LinearGapToy.wavy(45), 0.9)],
    ids=["flat", "wavy"],
)
def test_where_its_model_is_right_mbtl_is_nearly_optimal(toy, share):
    """Coverage won since the first pick, as a share of what the best k sources win."""
    curve = run(MBTL(), toy, 9).coverage_curve()
    start = toy.coverage([22])
    for k in (3, 5, 9):
        best = toy.optimum(k).coverage
        assert (curve[k - 1] - start) / (best - start) > share


def test_it_stays_near_the_oracle_in_three_dimensions():
    family = SyntheticFamily((-3.0, -3.0, -3.0), 6)
    mbtl = run(MBTL(), family, 10).coverage_curve()
    oracle = run(SequentialOracle(family.truth), family, 10).coverage_curve()
    assert (mbtl[9] - mbtl[0]) / (oracle[9] - mbtl[0]) > 0.9
