from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from rltransfer.selection.surrogate import LiteralGP, SetPointGP


def kernel(A, B, c, lengths):
    return c * np.exp(-0.5 * (((A[:, None] - B) / lengths) ** 2).sum(axis=2))


def textbook(X, y, X_new, c, lengths, noise):
    """Mean, standard deviation and log marginal likelihood, without a Cholesky factor."""
    K = kernel(X, X, c, lengths) + noise * np.eye(len(X))
    inverse, cross = np.linalg.inv(K), kernel(X_new, X, c, lengths)
    mu = cross @ inverse @ y
    var = c - np.einsum("ij,jk,ik->i", cross, inverse, cross)
    likelihood = -0.5 * (y @ inverse @ y + np.linalg.slogdet(2 * np.pi * K)[1])
    return mu, np.sqrt(var), likelihood


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.random((7, 2))
    return X, 200.0 + 50.0 * np.sin(4 * X[:, 0]) - 10.0 * X[:, 1], rng.random((30, 2))


def test_the_posterior_is_the_textbooks_at_the_maximum_a_posteriori(data):
    X, y, X_new = data
    model, scale = SetPointGP(steps=500), 40.0
    z = (y - y.mean()) / scale
    start = np.log([1.0] + [0.5 * np.sqrt(2)] * 2)

    def objective(theta):
        likelihood = textbook(X, z, X_new, np.exp(theta[0]), np.exp(theta[1:]), 0.01)[2]
        return -likelihood + 0.5 * ((theta - start) ** 2).sum()

    best = minimize(
        objective,
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000},
    )
    mu, sigma, _ = textbook(X, z, X_new, np.exp(best.x[0]), np.exp(best.x[1:]), 0.01)
    found = model.posterior(X, y, X_new, scale)
    np.testing.assert_allclose(found[0], y.mean() + scale * mu, rtol=1e-4)
    np.testing.assert_allclose(found[1], scale * sigma, rtol=1e-3)


def test_few_steps_are_nearly_as_good(data):
    X, y, X_new = data
    few, many = (SetPointGP(steps=s).posterior(X, y, X_new, 40.0) for s in (15, 500))
    np.testing.assert_allclose(few, many, rtol=0.01)


def test_the_unit_of_the_returns_does_not_matter(data):
    X, y, X_new = data
    mu, sigma = SetPointGP().posterior(X, y, X_new, 40.0)
    scaled = SetPointGP().posterior(X, 8.0 * y - 100.0, X_new, 320.0)
    np.testing.assert_allclose(scaled[0], 8.0 * mu - 100.0, rtol=1e-6)
    np.testing.assert_allclose(scaled[1], 8.0 * sigma, rtol=1e-6)


def test_one_observation_is_believed_and_doubted_elsewhere():
    X_new = np.linspace(0, 1, 11)[:, None]
    mu, sigma = SetPointGP().posterior(np.array([[0.5]]), np.array([3.0]), X_new, 2.0)
    np.testing.assert_allclose(mu, 3.0)
    assert sigma.argmin() == 5
    assert (np.diff(sigma[5:]) > 0).all()


def test_equal_set_points_and_repeated_inputs_are_no_trouble():
    X, X_new = np.full((4, 1), 0.5), np.linspace(0, 1, 5)[:, None]
    mu, sigma = SetPointGP().posterior(X, np.ones(4), X_new, 1.0)
    assert np.isfinite([mu, sigma]).all()


def test_the_literal_surrogate_is_a_zero_mean_process():
    X, y = np.array([[49.0], [12.0], [80.0]]), np.array([0.9, 0.4, 0.6])
    far = np.array([[1e6]])
    mu, _ = LiteralGP(seed=1).posterior(X, y, far)
    assert mu == pytest.approx([0.0], abs=1e-12)
    first, second = (LiteralGP(seed=1).posterior(X, y, X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
