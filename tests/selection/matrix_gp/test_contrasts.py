"""Contrasts between targets: the fit against generalised least squares in dense algebra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import null_space, sqrtm
from scipy.optimize import lsq_linear
from scipy.stats import multivariate_t

from rltransfer.selection.matrix_gp.contrasts import (
    ENTRIES,
    PRIOR_LOSS,
    PRIOR_WEIGHT,
    RELATIONS,
    RIDGE,
    Contrasts,
    Trial,
    centred,
    spread_out,
)
from rltransfer.selection.matrix_gp.kernel import distances
from rltransfer.selection.matrix_gp.profile import WIDTHS, Profile, basis
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily

T = len(WIDTHS)


@pytest.fixture
def data():
    """Sources (5, 2), targets (14, 2), returns of a bent profile, related rows and noise."""
    rng = np.random.default_rng(6)
    X, Y = rng.random((5, 2)), rng.random((14, 2))
    hard = np.sin(5.0 * Y).sum(axis=1)
    gap = np.minimum(np.abs(X[:, None] - Y), 0.3).sum(axis=-1)
    return X, Y, hard - 2.0 * gap + 0.1 * rng.standard_normal((5, 14))


def omega(relation, X):
    """Return Ω / s², from its formula."""
    k, d = X.shape
    r = np.sqrt(3.0 / d) / relation.length * np.linalg.norm(X[:, None] - X, axis=-1)
    hills = (1.0 + r) * np.exp(-r)
    return np.eye(k) + relation.shared**2 * np.ones((k, k)) + relation.local**2 * hills


def stacked(relation, X, Y, R):
    """Return the whitened regression on orthonormal contrasts: (k (M - 1), P), (k (M - 1),)."""
    H = null_space(np.ones((1, len(Y))))
    root = np.linalg.inv(np.real(sqrtm(omega(relation, X))))
    A = np.einsum("ij,jmp,mc->icp", root, basis(X, Y), H)
    return A.reshape(-1, A.shape[-1]), (root @ R @ H).ravel()


def minimiser(A, b, precision, prior):
    """Return the c >= 0 that minimises |b - A c|² + Σ precision (c - prior)²."""
    root = np.sqrt(precision)
    return lsq_linear(
        np.concatenate([A, np.diag(root)]), np.concatenate([b, root * prior]), (0.0, np.inf),
        method="bvls", tol=1e-14,
    ).x  # fmt: skip


@pytest.mark.parametrize("relation", RELATIONS[::3])
def test_coefficients_and_noise_are_generalised_least_squares(data, relation):
    X, Y, R = data
    d = X.shape[1]
    trial = Trial.of(relation, distances(X, X), centred(basis(X, Y)), centred(R))

    A, b = stacked(relation, X, Y, R)
    prior, weight = np.zeros(A.shape[1]), np.zeros(A.shape[1])
    weight[: 2 * d * T] = PRIOR_WEIGHT
    for j in range(d):  # above and below of the widest hinge of feature j
        prior[2 * T * j + 2 * (T - 1) : 2 * T * (j + 1)] = PRIOR_LOSS
    noise = 0.0
    for _ in range(2):
        c = minimiser(A, b, RIDGE + noise * weight, prior)
        noise = (np.sum((b - A @ c) ** 2) + RIDGE) / (len(b) + 2)
    assert trial.coefficients == pytest.approx(c, abs=1e-4)
    assert trial.noise == pytest.approx(noise, rel=1e-5)
    assert trial.inverse == pytest.approx(np.linalg.inv(omega(relation, X)))


def test_evidence_is_the_marginal_likelihood(data):
    """Of contrasts, normal given s² ~ IG(1, RIDGE / 2), so Student's t; up to a constant."""
    X, Y, R = data
    M = len(Y)
    H = null_space(np.ones((1, M)))
    ours, dense = [], []
    for relation in RELATIONS:
        trial = Trial.of(relation, distances(X, X), centred(basis(X, Y)), centred(R))
        rest = (R - Profile.of(trial.coefficients, X.shape[1]).values(X, Y)) @ H
        shape = RIDGE / 2.0 * np.kron(omega(relation, X), np.eye(M - 1))
        ours.append(trial.evidence)
        dense.append(multivariate_t(np.zeros(rest.size), shape, df=2).logpdf(rest.ravel()))
    assert np.ptp(ours) > 1.0
    assert np.subtract(ours, ours[0]) == pytest.approx(np.subtract(dense, dense[0]), abs=1e-6)


def test_the_relation_with_most_evidence_is_chosen(data):
    X, Y, R = data
    A, B = centred(basis(X, Y)), centred(R)
    fitted = Contrasts.fit(X, Y, R)
    evidence = {
        relation: Trial.of(relation, distances(X, X), A, B).evidence for relation in RELATIONS
    }
    assert fitted.relatedness == max(evidence, key=evidence.get)
    assert fitted.relatedness.shared > 0.0  # the hard targets are hard for all rows


@pytest.mark.parametrize("below", [(-3.0, -3.0), (1.0, -3.0), (-3.0, 1.0, 1.0)])
@pytest.mark.parametrize("target_weight", [0.0, 5.0])
def test_returns_that_are_additive_are_recovered(below, target_weight):
    """Losses on either or on one side, and tilts: rows that were not seen are known too."""
    family = SyntheticFamily(below, 5, 2.0, target_weight)
    truth = (family.truth - 500.0) / family.truth.std()
    X = family.empty().units_sources
    trained = np.random.default_rng(0).permutation(len(X))[:15]
    fitted = Contrasts.fit(X[trained], X, truth[trained])
    rest = centred(truth - fitted.profile.values(X, X))
    assert np.abs(rest).max() < 0.03
    assert np.sqrt(fitted.noise) < 0.01


def test_one_row_is_enough_to_fit():
    toy = LinearGapToy.flat(15)
    X = toy.empty().units_sources
    fitted = Contrasts.fit(X[[7]], X, toy.truth[[7]])
    rest = centred(toy.truth[[7]] - fitted.profile.values(X[[7]], X))
    assert np.abs(rest).max() < 0.05


@pytest.mark.parametrize("k", [1, 4])
def test_weights_and_variances_are_conditional_normals(data, k):
    """Of an entry of another row, given the entries of trained rows on the same target."""
    X, Y, R = data
    fitted = Contrasts.fit(X[:k], Y, R[:k])
    Z = np.random.default_rng(1).random((6, 2))
    joint = omega(fitted.relatedness, np.concatenate([X[:k], Z]))
    weights = joint[k:, :k] @ np.linalg.inv(joint[:k, :k])
    variances = fitted.noise * np.diag(joint[k:, k:] - weights @ joint[:k, k:])
    C, W = fitted.known(Z)
    left = fitted.left(C, W, slice(None))[:, 0]
    assert pytest.approx(weights, abs=1e-8) == W
    assert left == pytest.approx(variances)


class TestSpreadOut:
    @pytest.mark.parametrize("M", [1, 2, 10, 513, 4096])
    @pytest.mark.parametrize("count", [1, 24, 128])
    def test_indices_differ_and_are_as_many_as_asked_for(self, M, count):
        some = spread_out(np.random.default_rng(M).random((M, 2)), count)
        assert len(set(some.tolist())) == len(some) == min(M, count)

    @pytest.mark.parametrize("M", [1, 7, 24])
    def test_all_of_them_where_that_is_not_more_than_asked_for(self, M):
        assert spread_out(np.random.default_rng(0).random((M, 1)), 24).tolist() == list(range(M))

    def test_the_order_of_the_targets_does_not_matter(self):
        rng = np.random.default_rng(3)
        Y = np.round(9.0 * rng.random((5, 2))) / 9.0
        Y = np.concatenate([Y, rng.random((200, 2))])
        order = rng.permutation(len(Y))
        assert np.array_equal(Y[spread_out(Y, 40)], Y[order][spread_out(Y[order], 40)])

    def test_they_come_from_everywhere(self):
        Y = np.linspace(0.0, 1.0, 1000)[:, None]
        some = np.sort(Y[spread_out(Y, 40), 0])
        assert np.diff(some, prepend=0.0, append=1.0).max() < 3.0 / 40

    def test_the_fit_uses_a_share_of_many_targets(self, data):
        """Beyond `ENTRIES` in all, other targets do not count."""
        X, _, _ = data
        rng = np.random.default_rng(2)
        Y = rng.random((3 * ENTRIES // len(X), 2))
        R = -np.abs(X[:, None] - Y).sum(axis=-1) + 0.1 * rng.standard_normal((len(X), len(Y)))
        used = spread_out(Y, ENTRIES // len(X))
        other = R.copy()
        other[:, np.setdiff1d(np.arange(len(Y)), used)] = 7.0
        ours, theirs = Contrasts.fit(X, Y, R), Contrasts.fit(X, Y, other)
        assert ours.noise == theirs.noise
        assert np.array_equal(ours.profile.losses, theirs.profile.losses)
