from __future__ import annotations

import numpy as np
import pytest

from rltransfer.transfer.risk_model import WIDTH, Posterior, RiskModel, divergence


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    x = rng.random((12, 2))
    return x, np.sin(3 * x[:, 0]) - x[:, 1], rng.standard_normal(WIDTH)


@pytest.mark.parametrize(
    "layer", ["encoder_in", "encoder_out", "posterior", "decoder_in", "decoder_out"]
)
def test_the_gradients_are_those_of_differences(layer, batch):
    x, risk, noise = batch
    model = RiskModel(2, np.random.default_rng(1), beta=0.7)
    model.prior = Posterior(np.linspace(-1, 1, WIDTH), np.linspace(0.2, 1.5, WIDTH))
    gradient = model.loss(x, risk, noise)[1][layer]
    W = model.weights[layer]
    for place in [(0, 0), (1, W.shape[1] - 1), (len(W) - 1, 0)]:  # the last row is the bias
        keep, values = W[place], []
        for step in (1e-6, -1e-6):
            W[place] = keep + step
            values.append(model.loss(x, risk, noise)[0])
        W[place] = keep
        assert gradient[place] == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-4, abs=1e-7)


def test_the_divergence_of_equals_is_zero_and_known_for_normals():
    q = Posterior(np.full(WIDTH, 2.0), np.ones(WIDTH))
    assert divergence(q, q) == 0.0
    assert divergence(q, Posterior(np.zeros(WIDTH), np.ones(WIDTH))) == pytest.approx(2.0 * WIDTH)


def test_it_learns_which_tasks_are_risky():
    rng = np.random.default_rng(2)
    model = RiskModel(1, rng)
    for _ in range(40):
        x = rng.random((40, 1))
        model.learn(x, 100.0 + 30.0 * x[:, 0])
    ends = model.sample(np.array([[0.05], [0.5], [0.95]]), 50).mean(axis=0)
    assert ends[0] < ends[1] < ends[2]
    assert ends[2] - ends[0] > 1.0


def test_equal_risks_are_no_trouble():
    model = RiskModel(1, np.random.default_rng(3))
    model.learn(np.linspace(0, 1, 5)[:, None], np.full(5, 3.0))
    assert np.isfinite(model.sample(np.zeros((2, 1)), 4)).all()


def test_optimism_weighs_what_is_expected_and_what_is_not_known():
    x = np.linspace(0, 1, 5)[:, None]
    risks = RiskModel(1, np.random.default_rng(4)).sample(x, 30)
    found = RiskModel(1, np.random.default_rng(4)).optimistic(x, 2.0, 3.0, 30)
    np.testing.assert_allclose(found, 2.0 * risks.mean(axis=0) + 3.0 * risks.std(axis=0))
