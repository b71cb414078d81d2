"""Partial rows: against complete ones where nothing is missing, and against dense algebra."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import block_diag, null_space
from scipy.stats import multivariate_t

from rltransfer.selection import MatrixGP
from rltransfer.selection.matrix_gp.cells import Cells
from rltransfer.selection.matrix_gp.contrasts import RELATIONS, RIDGE, Contrasts, Trial, centred
from rltransfer.selection.matrix_gp.failures import failed
from rltransfer.selection.matrix_gp.forecast import Forecast
from rltransfer.selection.matrix_gp.kernel import distances
from rltransfer.selection.matrix_gp.levels import Levels
from rltransfer.selection.matrix_gp.outlook import Outlook
from rltransfer.selection.matrix_gp.partial import PartialContrasts, PartialTrial
from rltransfer.selection.matrix_gp.partial_failures import failed_in_part
from rltransfer.selection.matrix_gp.profile import Profile, basis
from rltransfer.testing.lines import LINES, LineFamily
from rltransfer.testing.toys import LinearGapToy


@pytest.fixture
def data():
    """Sources (5, 2), targets (14, 2), returns of a bent profile, related rows and noise."""
    rng = np.random.default_rng(6)
    X, Y = rng.random((5, 2)), rng.random((14, 2))
    hard = np.sin(5.0 * Y).sum(axis=1)
    gap = np.minimum(np.abs(X[:, None] - Y), 0.3).sum(axis=-1)
    return X, Y, hard - 2.0 * gap + 0.1 * rng.standard_normal((5, 14))


@pytest.fixture
def partial(data):
    """The same rows, about half of them measured; one target was seen by nobody."""
    X, Y, R = data
    measured = np.random.default_rng(3).random(R.shape) < 0.55
    measured[:, 4] = False
    measured[np.arange(5), np.arange(5) + 5] = True
    return X, Y, np.where(measured, R, np.nan)


@pytest.fixture
def weights():
    w = np.random.default_rng(9).uniform(0.5, 2.0, 14)
    return w / w.sum()


def dense(relation, X, R):
    """Return covariance and row indicators of the measured entries, target by target; and them."""
    omega = np.eye(len(X)) + relation.between(distances(X, X))
    rows = [np.flatnonzero(~np.isnan(column)) for column in R.T]
    V = block_diag(*(omega[np.ix_(some, some)] for some in rows))
    Z = np.concatenate([np.eye(len(X))[some] for some in rows])
    return V, Z, [(i, y) for y, some in enumerate(rows) for i in some]


def everywhere(R):
    return Cells.of(~np.isnan(R))


# -- where nothing is missing -----------------------------------------------------------------


@pytest.mark.parametrize("relation", RELATIONS[::3])
def test_the_fit_to_complete_rows_is_the_same(data, relation):
    X, Y, R = data
    A, distance = basis(X, Y), distances(X, X)
    whole = Trial.of(relation, distance, centred(A), centred(R))
    ours = PartialTrial.of(relation, distance, everywhere(R), A, R)
    assert ours.coefficients == pytest.approx(whole.coefficients, abs=1e-7)
    assert ours.noise == pytest.approx(whole.noise)
    constant = 0.5 * len(X) * np.log(len(Y))  # of the rows' levels
    assert ours.evidence == pytest.approx(whole.evidence - constant)


def test_the_forecast_from_complete_rows_is_the_same(data, weights):
    X, Y, R = data
    whole, ours = Contrasts.fit(X, Y, R), PartialContrasts.fit(X, Y, R)
    Z, r = np.random.default_rng(1).random((6, 2)), R - whole.profile.values(X, Y)
    levels, error, rest = ours.split(r, weights)
    expected, _, other_rest = whole.split(r, weights)
    assert levels == pytest.approx(expected)
    assert error == pytest.approx(np.zeros((5, 5)), abs=1e-9)
    (C, W), (D, U) = ours.known(Z), whole.known(Z)
    assert pytest.approx(U @ other_rest) == W @ rest
    some = np.array([3, 9])
    assert ours.left(C, W, some) == pytest.approx(np.repeat(whole.left(D, U, some), 2, axis=1))


# -- where something is -----------------------------------------------------------------------


def test_evidence_is_the_marginal_likelihood(partial):
    """Of all contrasts within rows, normal given s² ~ IG(1, RIDGE / 2); up to a constant."""
    X, Y, R = partial
    ours, reference = [], []
    for relation in RELATIONS:
        trial = PartialTrial.of(relation, distances(X, X), everywhere(R), basis(X, Y), R)
        V, Z, entries = dense(relation, X, R)
        N = null_space(Z.T)
        rest = R - Profile.of(trial.coefficients, 2).values(X, Y)
        contrasts = N.T @ np.array([rest[i, y] for i, y in entries])
        t = multivariate_t(np.zeros(len(contrasts)), RIDGE / 2.0 * N.T @ V @ N, df=2)
        ours.append(trial.evidence)
        reference.append(t.logpdf(contrasts))
    assert np.ptp(ours) > 0.5
    assert np.subtract(ours, ours[0]) == pytest.approx(np.subtract(reference, reference[0]))


def test_coefficients_minimise_generalised_squares(partial):
    """No other non-negative coefficients nearby are better, prior counted."""
    X, Y, R = partial
    relation = RELATIONS[4]
    trial = PartialTrial.of(relation, distances(X, X), everywhere(R), basis(X, Y), R)
    V, Z, entries = dense(relation, X, R)
    inverse = np.linalg.inv(V)
    project = inverse - inverse @ Z @ np.linalg.inv(Z.T @ inverse @ Z) @ Z.T @ inverse
    A = np.array([basis(X, Y)[i, y] for i, y in entries])
    b = np.array([R[i, y] for i, y in entries])
    squares = (b - A @ trial.coefficients) @ project @ (b - A @ trial.coefficients)
    assert trial.noise == pytest.approx((squares + RIDGE) / (len(b) - 5 + 2))


def test_levels_and_rests_are_conditional_normals(partial, weights):
    """Of all entries under a nearly flat prior of the levels, in one dense joint covariance."""
    X, Y, R = partial
    fitted = PartialContrasts.fit(X, Y, R)
    r = R - fitted.profile.values(X, Y)
    Z = np.random.default_rng(1).random((3, 2))
    k, M, flat = 5, 14, 1e5
    points = np.concatenate([X, Z])
    omega = np.eye(8) + fitted.relatedness.between(distances(points, points))
    joint = np.kron(omega, np.eye(M)) + np.kron(np.diag([flat] * k + [0.0] * 3), np.ones((M, M)))
    seen = np.flatnonzero(~np.isnan(r).ravel())
    gain = joint[:, seen] @ np.linalg.inv(joint[np.ix_(seen, seen)])
    mean = (gain @ r.ravel()[seen]).reshape(8, M)
    covariance = fitted.noise * (joint - gain @ joint[seen])
    levels, error, rest = fitted.split(r, weights)
    assert levels == pytest.approx(mean[:k] @ weights, abs=1e-3)
    average = np.kron(np.eye(k), weights)
    inside = average @ covariance[: k * M, : k * M] @ average.T
    assert error == pytest.approx(inside, abs=1e-2 * inside.max())
    _, W = fitted.known(Z)
    expected = mean[k:] - (mean[k:] @ weights)[:, None]
    assert W @ rest == pytest.approx(expected, abs=1e-3)
    own = fitted.covariance() @ rest + levels[:, None]
    assert own == pytest.approx(mean[:k], abs=1e-3)


def test_what_is_left_is_conditional_variance(partial):
    X, Y, R = partial
    fitted, Z = PartialContrasts.fit(X, Y, R), np.random.default_rng(1).random((3, 2))
    left = fitted.left(*fitted.known(Z), slice(None))
    cross = fitted.relatedness.between(distances(Z, X))
    omega = np.eye(5) + fitted.relatedness.between(distances(X, X))
    for y in range(14):
        some = np.flatnonzero(~np.isnan(R[:, y]))
        c = cross[:, some]
        told = ((c @ np.linalg.inv(omega[np.ix_(some, some)])) * c).sum(axis=1)
        assert left[:, y] == pytest.approx(fitted.noise * (fitted.relatedness.own() - told))


def test_what_was_not_measured_does_not_count(partial, weights):
    """Other numbers in its place change nothing, and nothing is put there."""
    X, Y, R = partial
    forecast = Forecast.fit(X, Y, R, weights, 0.0, 1.0)
    rows = forecast.rows(np.array([[0.3, 0.6]]))
    assert np.isfinite(rows.means()).all()
    assert rows.spread().shape == (1, 14)
    assert rows.spread()[0, 4] == rows.spread().max()  # the target that nobody saw
    some = np.array([9, 4])
    assert rows.means(some) == pytest.approx(rows.means()[:, some])
    assert rows.spread(some) == pytest.approx(rows.spread()[:, some])


def test_levels_with_errors_are_smoothed():
    X = np.linspace(0.0, 1.0, 12)[:, None]
    y = X[:, 0] + 0.3 * np.random.default_rng(0).standard_normal(12)
    error = np.diag([1e-6] * 11 + [4.0])
    y[-1] = 4.0
    levels = Levels(X, y, error)
    assert Levels(X, y).smoothed() == pytest.approx(y, abs=1e-6)
    assert Levels(X, y, 0.0 * error).forecast(X)[0] == pytest.approx(Levels(X, y).forecast(X)[0])
    assert levels.smoothed()[:11] == pytest.approx(y[:11], abs=0.1)
    assert levels.smoothed()[-1] < 2.0


# -- the selector -----------------------------------------------------------------------------


def measured_in_part(family, truth, picks, seed, share=0.3):
    """Return the matrix of some picks, each measured at home and on a random share."""
    rng, transfer = np.random.default_rng(seed), family.empty()
    for x in picks:
        chosen = np.union1d(np.flatnonzero(rng.random(truth.shape[1]) < share), [x])
        transfer = transfer.learn(x, truth[x, chosen][:, None], measured=chosen)
    return transfer


@pytest.mark.parametrize("name", ["linear", "hard targets"])
def test_units_of_the_return_do_not_matter(name):
    family = LineFamily(LINES[name], 30)
    truth, picks = family.draw(np.random.default_rng(2)), [15, 4, 26, 9]
    plain = MatrixGP().propose(measured_in_part(family, truth, picks, 0))
    other = MatrixGP().propose(measured_in_part(family, 1e3 * (truth - 40.0), picks, 0))
    assert other.index == plain.index
    assert other.predicted_gain == pytest.approx(1e3 * plain.predicted_gain, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_training_and_of_contexts_does_not_matter(seed):
    family, rng = LineFamily(LINES["humped"], 30), np.random.default_rng(seed)
    truth, picks = family.draw(rng), rng.permutation(30)[:5].tolist()
    one = measured_in_part(family, truth, picks, seed)
    order = rng.permutation(30)
    place = np.argsort(order)
    contexts = [family.contexts[i] for i in order]
    other = type(one).empty(family.space, contexts, contexts)
    for k in reversed(range(5)):
        chosen = np.flatnonzero(one.measured[k])
        row = truth[picks[k], chosen][:, None]
        other = other.learn(int(place[picks[k]]), row, measured=place[chosen])
    assert MatrixGP().propose(other).context == MatrixGP().propose(one).context


def test_targets_that_nobody_saw_are_served_by_forecast():
    toy = LinearGapToy.flat(21)
    transfer = toy.empty()
    for x in (10, 3):
        chosen = [*range(max(x - 4, 0), x + 5), 20]
        transfer = transfer.learn(x, toy.truth[x, chosen][:, None], measured=chosen)
    served = Outlook.of(transfer, np.full(21, 1.0 / 21)).served
    assert served.measured.tolist() == transfer.seen.tolist()
    assert served.returns[transfer.seen] == pytest.approx(transfer.best[transfer.seen])
    best = toy.truth[[10, 3]].max(axis=0)
    assert served.returns == pytest.approx(best, abs=0.1)
    assert served.rows[15:19].tolist() == [0] * 4
    assert served.coverage == pytest.approx(best.mean(), abs=0.03)


def test_failures_are_told_from_what_was_measured():
    toy = LinearGapToy.wavy(21)
    truth = toy.truth.copy()
    truth[4] = -1.0
    rows = measured_in_part(toy, truth, [10, 4, 17, 1], 5, 0.5).mean
    assert failed_in_part(rows).tolist() == [False, True, False, False]
    whole = truth[[10, 4, 17, 1]]
    assert failed_in_part(whole).tolist() == failed(whole).tolist()
    few = np.where(np.cumsum(~np.isnan(rows), axis=1) <= 3, rows, np.nan)
    assert not failed_in_part(few).any()


@pytest.mark.parametrize("share", [0.0, 0.2, 0.6])
def test_it_runs_to_the_end(share):
    """From one measured target per policy on, every candidate is proposed once."""
    family = LineFamily(LINES["asymmetric"], 12)
    truth, picks = family.draw(np.random.default_rng(1)), []
    for _ in range(12):
        picks.append(MatrixGP().propose(measured_in_part(family, truth, picks, 0, share)).index)
    assert sorted(picks) == list(range(12))
