from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal

from rltransfer.selection.sd_mbtl.gp import (
    ConstantMeanGP,
    negative_log_likelihood,
    squared_distances,
    values,
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, (9, 2)) * 1.0
    return X, 0.5 + 0.1 * np.sin(X[:, 0]) + 0.02 * rng.standard_normal(9), rng.random((5, 2)) * 5


def covariance(A, B, length, signal):
    return signal * np.exp(-((A[:, None] - B) ** 2).sum(axis=2) / (2 * length**2))


def test_the_likelihood_is_that_of_a_normal_vector(data):
    X, y, _ = data
    p = np.array([0.3, 0.4, -1.0, -2.0])
    mean, length, signal, noise = values(p)
    K = covariance(X, X, length, signal) + noise * np.eye(9)
    expected = -multivariate_normal(np.full(9, mean), K).logpdf(y) / 9
    assert negative_log_likelihood(p, squared_distances(X, X), y)[0] == pytest.approx(expected)


def test_the_gradient_is_that_of_differences(data):
    X, y, _ = data
    p, squared = np.array([0.3, 0.4, -1.0, -2.0]), squared_distances(X, X)
    differences = approx_fprime(p, lambda q: negative_log_likelihood(q, squared, y)[0], 1e-7)
    np.testing.assert_allclose(negative_log_likelihood(p, squared, y)[1], differences, rtol=1e-4)


def test_the_posterior_is_the_textbooks_with_the_noise(data):
    X, y, X_new = data
    model = ConstantMeanGP()
    mean, length, signal, noise = values(model._fit(squared_distances(X, X), y))
    inverse = np.linalg.inv(covariance(X, X, length, signal) + noise * np.eye(9))
    cross = covariance(X_new, X, length, signal)
    mu, sigma = model.posterior(X, y, X_new)
    np.testing.assert_allclose(mu, mean + cross @ inverse @ (y - mean), atol=1e-8)
    variance = signal + noise - np.einsum("ij,jk,ik->i", cross, inverse, cross)
    np.testing.assert_allclose(sigma, np.sqrt(variance), atol=1e-8)


def test_one_observation_is_predicted_everywhere():
    mu, sigma = ConstantMeanGP().posterior(np.zeros((1, 2)), np.array([0.7]), np.ones((4, 2)))
    np.testing.assert_allclose(mu, 0.7, atol=1e-3)
    assert (sigma > 0).all()
