"""The selector on problems whose answers are known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.errors import InvalidExperiment
from rltransfer.selection import MatrixGP, replay
from rltransfer.selection.matrix_gp import outlook as module
from rltransfer.selection.matrix_gp.failures import REACH, failed
from rltransfer.selection.matrix_gp.gain import ceiling, expected_gains
from rltransfer.selection.matrix_gp.outlook import Outlook
from rltransfer.selection.matrix_gp.selector import mean_distances
from rltransfer.selection.pending import Forecaster
from rltransfer.testing.lines import LINES, LineFamily
from rltransfer.testing.selector_contract import SelectorContract
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily
from rltransfer.transfer import TransferMatrix


def learned(toy, picks, truth=None):
    truth = toy.truth if truth is None else truth
    transfer = toy.empty()
    for index in picks:
        transfer = transfer.learn(index, truth[index][:, None])
    return transfer


def run(toy, rounds, truth=None, selector=None):
    truth = toy.truth if truth is None else truth
    return replay(selector or MatrixGP(), truth, toy.space, toy.contexts, toy.contexts, rounds)


def outlook(transfer):
    M = len(transfer.targets)
    return Outlook.of(transfer, np.full(M, 1.0 / M))


class TestContract(SelectorContract):
    @pytest.fixture
    def selector(self):
        return MatrixGP()


class TestContractInThreeDimensions(TestContract):
    @pytest.fixture
    def toy(self):
        return SyntheticFamily((-3.0, 1.0, -3.0), 3, 1.0)


class TestContractWithWeightsAndCosts(SelectorContract):
    @pytest.fixture
    def selector(self):
        rng = np.random.default_rng(0)
        return MatrixGP(tuple(rng.uniform(0.5, 2.0, 15)), tuple(rng.uniform(0.5, 2.0, 15)))


class TestContractOnALine(TestContract):
    @pytest.fixture(params=LINES)
    def toy(self, request):
        family = LineFamily(LINES[request.param], 15)
        truth = family.draw(np.random.default_rng(1))
        return SimpleNamespace(truth=truth, contexts=family.contexts, empty=family.empty)


# -- what it finds ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [15, 45])
def test_only_distances_matter_where_all_train_alike(size):
    """The loss to the set point is at most 1.35 times what is possible with as many sources.

    With one it is no loss at all; no greedy order is the best for every k.
    """
    toy = LinearGapToy.flat(size)
    trained = run(toy, 9).trained
    lost, least = (
        1.0 - np.array(values)
        for values in (
            [toy.coverage(trained[:k]) for k in range(1, 10)],
            [toy.optimum(k).coverage for k in range(1, 10)],
        )
    )
    assert lost[0] == pytest.approx(least[0])
    assert (lost <= 1.35 * least).all()
    assert (lost / least).mean() <= 1.12


@pytest.mark.parametrize("below", [(-3.0, -3.0), (-3.0, -3.0, -3.0), (1.0, -3.0, -3.0)])
def test_the_best_corner_is_found_within_a_few_picks(below):
    """With source_weight above the loss, one corner serves all targets best."""
    family = SyntheticFamily(below, 5, source_weight=4.0)
    best = family.best_single()
    assert family.ceiling() == pytest.approx(best.coverage)
    assert best.sources[0] in run(family, 5).trained


def test_a_family_that_fails_is_still_explored():
    """Some trainings fail: sources away from the failures are tried, and it beats chance."""
    family = LineFamily(LINES["failing"], 40)
    advantages = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        truth = family.draw(rng)
        matrix = run(family, 8, truth)
        bad = failed(matrix.mean)
        x = matrix.units_sources[list(matrix.trained), 0]
        if bad[:4].any():
            first = int(bad.argmax())
            distance = np.abs(x[first + 1 :, None] - x[bad]).min(axis=1)
            assert (distance > REACH).any()
        random = np.mean([truth[rng.permutation(40)[:8]].max(axis=0).mean() for _ in range(40)])
        advantages.append(matrix.coverage - random)
    assert np.mean(advantages) > 0.015


def test_a_failure_is_set_aside():
    """Its row says nothing of gap and level: the forecast is the one without it."""
    toy = LinearGapToy.wavy(21)
    truth = toy.truth.copy()
    truth[4] = -1.0
    belief = outlook(learned(toy, [10, 4, 17, 1], truth))
    assert belief.bad.tolist() == [False, True, False, False]
    others = np.array([2, 7, 14])
    X = toy.empty().units_sources[others]
    rows = belief.forecast.rows(X)
    without = outlook(learned(toy, [10, 17, 1])).forecast.rows(X)
    assert rows.means() == pytest.approx(without.means(), abs=0.1)
    gains = belief.gains(rows, np.arange(21))
    V = belief.transfer.best
    alone = expected_gains(rows.means(), rows.spread(), V, ceiling(V)).mean(axis=1)
    assert gains / alone == pytest.approx(belief.success(X))
    assert belief.success(X)[0] < 0.9 < belief.success(X)[2]


@pytest.mark.parametrize("level", [0.0, 0.1, -1e6])
def test_returns_that_are_all_equal_do_no_harm(level):
    toy = LinearGapToy.flat(9, level=level, slope=0.0)
    assert sorted(run(toy, 9).trained) == list(range(9))


def test_one_target_or_one_candidate():
    space = LinearGapToy.flat(5).space
    grid = space.grid(5)
    truth = -np.abs(np.linspace(0.0, 1.0, 5) - 0.75)[:, None]
    one_target = replay(MatrixGP(), truth, space, grid, [grid[3]], 4, own=np.zeros(5))
    assert one_target.trained[0] == 3
    alone = MatrixGP().propose(TransferMatrix.empty(space, [grid[1]], grid))
    assert alone.index == 0


# -- the first pick ---------------------------------------------------------------------------


def test_the_first_is_nearest_to_all_targets():
    rng = np.random.default_rng(2)
    X, Y, w = rng.random((20, 3)), rng.random((30, 3)), rng.random(30)
    Y[5:9] = X[3:7]
    distances = np.abs(X[:, None] - Y).sum(axis=-1) @ w
    assert mean_distances(X, Y, w) == pytest.approx(distances)


@pytest.mark.parametrize(("size", "first"), [(45, 22), (4, 1), (1, 0)])
def test_the_first_of_even_targets_is_the_middle(size, first):
    space = LinearGapToy.flat(5).space
    grid = space.grid(size)
    assert MatrixGP().propose(TransferMatrix.empty(space, grid, grid)).index == first


def test_the_first_follows_the_weights():
    toy = LinearGapToy.flat(21)
    weights = (1.0,) * 5 + (1e-9,) * 16
    assert MatrixGP(weights).propose(toy.empty()).index == 2


# -- weights and costs ------------------------------------------------------------------------


def test_targets_of_no_weight_are_ignored():
    """All that is trained for the left third lies in it, or next to it."""
    toy = LinearGapToy.flat(30)
    trained = run(toy, 6, selector=MatrixGP((1.0,) * 10 + (1e-9,) * 20)).trained
    assert max(trained) <= 10


def test_equal_weights_and_costs_are_none():
    toy = SyntheticFamily((-3.0, 1.0), 4, 1.0)
    same = MatrixGP((2.5,) * 16, (7.0,) * 16)
    assert run(toy, 8, selector=same).trained == run(toy, 8).trained


@pytest.mark.parametrize("trained", [[], [1, 8]])
def test_an_expensive_twin_loses(trained):
    """Two candidates all but coincide: the cheaper one is proposed, whichever it is."""
    space = LinearGapToy.flat(5).space
    u = np.array([0.0, 0.1, 0.3, 0.5, 0.5 + 1e-7, 0.7, 0.8, 0.9, 1.0])
    contexts = tuple(Context({"position": float(x)}) for x in u)
    transfer = TransferMatrix.empty(space, contexts, contexts)
    for index in trained:
        transfer = transfer.learn(index, 1.0 - np.abs(u[index] - u)[:, None])
    for cheap in (3, 4):
        costs = [1.0] * len(u)
        costs[7 - cheap] = 1.5
        assert MatrixGP(costs=tuple(costs)).propose(transfer).index == cheap


def test_gain_per_cost_decides_and_the_gain_is_told():
    toy = LinearGapToy.wavy(21)
    transfer = learned(toy, [10])
    free = MatrixGP().propose(transfer)
    costs = np.ones(21)
    costs[free.index] = 100.0
    proposal = MatrixGP(costs=tuple(costs)).propose(transfer)
    assert proposal.index != free.index
    assert proposal.acquisition == pytest.approx(free.acquisition)
    assert proposal.index == int((free.acquisition / costs).argmax())


@pytest.mark.parametrize(
    ("field", "values", "sentence"),
    [
        (
            "weights",
            (1.0, 2.0),
            "weights of 'matrix-gp' must be 5 positive numbers, one for each target; got 2.",
        ),
        ("costs", (1.0,) * 7, "5 positive numbers, one for each candidate; got 7."),
        (
            "costs",
            (1.0, 2.0, 0.0, 1.0, 1.0),
            "costs of 'matrix-gp' must be 5 positive numbers, one for each candidate; "
            "number 3 is 0.",
        ),
        ("costs", (1.0, -1.0, 1.0, 1.0, -2.0), "number 2 is -1."),
        ("weights", (float("nan"), 1.0, 1.0, 1.0, 1.0), "each target; number 1 is nan."),
        ("weights", (1.0, 1.0, 1.0, 1.0, float("inf")), "each target; number 5 is inf."),
    ],
)
@pytest.mark.parametrize("picks", [[], [2]])
def test_weights_and_costs_that_do_not_fit_end_in_a_sentence(field, values, sentence, picks):
    transfer = learned(LinearGapToy.flat(5), picks)
    with pytest.raises(InvalidExperiment) as caught:
        MatrixGP(**{field: values}).propose(transfer)
    assert sentence in str(caught.value)


# -- what it says -----------------------------------------------------------------------------


def test_the_proposal_is_its_forecast():
    """Gain, set point and count are those of the model, put together here by hand."""
    toy = LinearGapToy.wavy(21)
    transfer = learned(toy, [10, 3])
    proposal = MatrixGP().propose(transfer)
    x, V = proposal.index, transfer.best
    rows = outlook(transfer).forecast.rows(transfer.units_sources[[x]])
    gains = expected_gains(rows.means(), rows.spread(), V, ceiling(V))[0]
    assert proposal.predicted_set_point == pytest.approx(rows.means()[0, x])
    assert proposal.predicted_gain == pytest.approx(gains.mean())
    assert proposal.acquisition[x] == proposal.acquisition.max() == proposal.predicted_gain
    assert not proposal.acquisition[[10, 3]].any()
    assert 0.0 < proposal.predicted_error < rows.spread()[0, 0]

    best = int((rows.means()[0] > V).sum())
    assert f"expected to raise V by {proposal.predicted_gain:.3g} ±" in proposal.reason
    assert f"set point {proposal.predicted_set_point:.3g} ±" in proposal.reason
    assert proposal.reason.endswith(f"best on {best} of 21")


def test_the_error_of_a_gain_has_no_sign_where_every_target_is_solved():
    family = LineFamily(LINES["linear"], 50)
    x = np.linspace(0.0, 1.0, 50)
    lost = np.maximum(0.0, np.abs(x[:, None] - x) - 0.3)
    truth = 500.0 * (1.0 - lost)
    transfer = learned(family, [25], truth)
    for _ in range(5):
        proposal = MatrixGP().propose(transfer)
        assert proposal.predicted_error >= 0.0
        transfer = transfer.learn(proposal.index, truth[proposal.index][:, None])


def test_the_first_reason_says_that_nothing_is_known():
    proposal = MatrixGP().propose(LinearGapToy.flat(5).empty())
    assert proposal.reason == "nothing is trained yet: nearest to all 5 targets"
    assert proposal.predicted_gain is None


def test_many_candidates_are_compared_on_some_targets_first(monkeypatch):
    """The finalists' gains are exact, and the pick is the one among all pairs."""
    toy = SyntheticFamily((-3.0, -3.0), 12, 1.0, noise=2.0)
    truth = toy.draw(np.random.default_rng(0))
    transfer = learned(toy, [70, 20, 130, 5], truth)
    exact = MatrixGP().propose(transfer)
    monkeypatch.setattr(module, "PAIRS", 100)
    screened = MatrixGP().propose(transfer)
    assert screened.index == exact.index
    same = np.isclose(screened.acquisition, exact.acquisition, rtol=1e-9)
    assert module.FINALISTS <= same.sum() < len(same)
    assert screened.acquisition == pytest.approx(exact.acquisition, rel=0.2, abs=0.05)


def test_blocks_of_candidates_change_nothing(monkeypatch):
    transfer = learned(LinearGapToy.wavy(31), [15, 4])
    whole = MatrixGP().propose(transfer)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert MatrixGP().propose(transfer).acquisition == pytest.approx(whole.acquisition, rel=1e-9)


def test_targets_may_be_others_than_the_candidates():
    """In two features of unlike range, sources inside, targets at the rim."""
    space = ContextSpace([ContextFeature("a", 0.5, 0.0, 1.0), ContextFeature("b", 50, 0.0, 100.0)])
    sources = [Context({"a": a, "b": b}) for a in (0.2, 0.5, 0.7) for b in (30.0, 50.0, 80.0)]
    targets = [Context({"a": a, "b": b}) for a in (0.0, 0.9, 1.0) for b in (0.0, 90.0, 100.0)]
    transfer = TransferMatrix.empty(space, sources, targets)
    X, Y = transfer.units_sources, transfer.units_targets
    truth = 1.0 - np.abs(X[:, None] - Y).sum(axis=-1)
    matrix = replay(MatrixGP(), truth, space, sources, targets, 9, own=np.ones(9))
    assert sorted(matrix.trained) == list(range(9))
    assert 8 in matrix.trained[:2]  # 0.7, 80: near four of the nine targets


def test_it_expects_whole_rows_of_untrained_sources():
    toy = LinearGapToy.wavy(21)
    transfer = toy.empty()
    for index in (10, 3, 17):
        transfer = transfer.learn(index, toy.truth[index][:, None])
    rows = MatrixGP().expect(transfer, np.array([6, 13]))
    assert rows.shape == (2, 21)
    assert np.abs(rows - toy.truth[[6, 13]]).mean() < 0.1
    assert isinstance(MatrixGP(), Forecaster)
