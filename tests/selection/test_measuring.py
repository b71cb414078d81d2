"""Which targets a policy is measured on: at home, where it matters, and everywhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.errors import InvalidExperiment
from rltransfer.selection import SELECTORS, MatrixGP, SequentialOracle, make_selector
from rltransfer.selection.gap import FittedSlope, reached
from rltransfer.selection.matrix_gp.outlook import Outlook
from rltransfer.selection.measuring import Measuring
from rltransfer.selection.playback import play_back
from rltransfer.selection.serving import serve
from rltransfer.testing.lines import LINES, LineFamily
from rltransfer.testing.toys import LinearGapToy
from rltransfer.transfer import TransferMatrix

TOY = LinearGapToy.wavy(21)
COPING = {"matrix-gp", "mbtl", "m-mbtl", "random", "equidistant", "greedy-bisection",
          "k-medoids", "sobol"}  # fmt: skip


def learned(picks, rule):
    transfer = TOY.empty()
    for x in picks:
        chosen = rule.choose(transfer, x)
        transfer = transfer.learn(x, TOY.truth[x, list(chosen)][:, None], measured=chosen)
    return transfer


@pytest.fixture
def transfer():
    return learned([10, 3], Measuring(6))


def test_first_it_comes_from_everywhere():
    """From home, each target is farthest from those before it; ties go to small coordinates."""
    empty = TOY.empty()
    assert Measuring(1).choose(empty, 7) == (7,)
    assert Measuring(2).choose(empty, 7) == (7, 20)
    assert Measuring(5).choose(empty, 10) == (0, 5, 10, 15, 20)
    assert Measuring(21).choose(empty, 7) == Measuring(99).choose(empty, 7) == tuple(range(21))


def test_half_of_it_is_where_it_is_worth_most(transfer):
    rule = Measuring(7)
    chosen, worth = rule.choose(transfer, 16), rule.worth(transfer, 16)
    assert len(set(chosen)) == 7
    assert 16 in chosen
    away = [y for y in np.argsort(-worth).tolist() if y != 16]
    assert set(away[:3]) <= set(chosen)
    assert max(np.diff([0, *chosen, 20])) <= 6  # the others leave no large hole


def test_worth_is_the_value_of_information(transfer):
    """E max(V, J) - max(V, E J), both by quadrature, one target at a time."""
    outlook = Outlook.of(transfer, np.full(21, 1.0 / 21))
    rows = outlook.forecast.rows(transfer.units_sources[[16]])
    mean, spread, top = rows.means()[0], rows.spread()[0], outlook.top
    worth = Measuring(5).worth(transfer, 16)
    for y in range(0, 21, 4):
        V, high = outlook.V[y], max(outlook.V[y], top)

        def mean_of(value, high=high, y=y):
            density = norm(mean[y], spread[y]).pdf
            ends = mean[y] - 9 * spread[y], mean[y] + 9 * spread[y]
            inside = [point for point in (outlook.V[y], high) if ends[0] < point < ends[1]]
            return quad(lambda J: value(min(J, high)) * density(J), *ends, points=inside)[0]

        expected = mean_of(lambda J, V=V: max(V, J)) - max(V, mean_of(lambda J: J))
        assert worth[y] == pytest.approx(expected, abs=2e-5 * spread[y])


def test_weights_and_costs_decide(transfer):
    plain = Measuring(6).worth(transfer, 16)
    heavy = Measuring(6, weights=(1.0,) * 20 + (5.0,), costs=(2.0,) * 10 + (1.0,) * 11)
    assert heavy.worth(transfer, 16)[:10] == pytest.approx(plain[:10] / 2.0, rel=0.2)
    assert heavy.worth(transfer, 16)[20] == pytest.approx(5.0 * plain[20], rel=0.2)
    dear = Measuring(6, costs=(1e9,) * 10 + (1.0,) * 11)
    assert sum(y >= 10 for y in dear.choose(transfer, 16)) >= 3
    with pytest.raises(InvalidExperiment, match="costs of 'measuring' must be 21 positive numbers"):
        Measuring(6, costs=(1.0,)).choose(transfer, 16)


def test_the_order_and_the_unit_do_not_matter(transfer):
    order = np.random.default_rng(0).permutation(21)
    place = np.argsort(order)
    contexts = [TOY.contexts[i] for i in order]
    other = TransferMatrix.empty(TOY.space, contexts, contexts)
    for k, x in enumerate(transfer.trained):
        chosen = np.flatnonzero(transfer.measured[k])
        row = 1e3 * TOY.truth[x, chosen][:, None] - 5.0
        other = other.learn(int(place[x]), row, measured=place[chosen])
    ours, theirs = Measuring(7).choose(transfer, 16), Measuring(7).choose(other, int(place[16]))
    assert {TOY.contexts[y] for y in ours} == {contexts[y] for y in theirs}


def test_a_source_that_is_no_target_is_measured_beside_home():
    space = ContextSpace([ContextFeature("x", 0.5, 0.0, 1.0)])
    targets = space.grid(11)
    empty = TransferMatrix.empty(space, [Context(x=0.33)], targets)
    assert 3 in Measuring(2).choose(empty, 0)


@pytest.mark.parametrize(("measure", "count"), [(0.25, 6), (0.001, 1), (1, 1), (21.0, 21)])
def test_a_share_or_a_number(measure, count):
    assert Measuring.part_of(measure, 21).count == count


@pytest.mark.parametrize("measure", [0.0, -0.5, 1.5, 22, np.nan, np.inf])
def test_neither_a_share_nor_a_number(measure):
    with pytest.raises(InvalidExperiment, match="measure must be a share of the targets between"):
        Measuring.part_of(measure, 21)


def test_nothing_is_measured_nowhere():
    with pytest.raises(InvalidExperiment, match="at least 1 target; got 0"):
        Measuring(0)


# -- selectors that see parts of rows ---------------------------------------------------------


@pytest.mark.parametrize("name", SELECTORS)
def test_selectors_cope_or_say_that_they_cannot(name, transfer):
    selector = make_selector(name, seed=0, budget=4, score=(0.0, 1.0))
    if name in COPING:
        assert selector.propose(transfer).index not in transfer.trained
    else:
        with pytest.raises(InvalidExperiment, match=f"'{name}' needs every policy measured on ev"):
            selector.propose(transfer)


def test_mbtl_fills_in_its_own_gap(transfer):
    slopes = FittedSlope().slopes(transfer)
    apart = np.abs(np.linspace(0, 1, 21) - np.array([[0.5], [0.15]]))
    expected = transfer.set_points[:, None] - slopes[0] * apart
    known = np.where(transfer.measured, transfer.mean, expected)
    assert reached(transfer, slopes) == pytest.approx(known.max(axis=0))
    assert slopes == pytest.approx([TOY.slope], abs=0.05)


def test_complete_rows_are_served_by_the_best():
    full = learned([10, 3], Measuring(21))
    served = serve(full)
    assert served.coverage == full.coverage
    assert served.rows.tolist() == full.covering.tolist()
    assert served.measured.all()


class Whole:
    """A known matrix, as files give it."""

    def __init__(self, family, truth):
        self.J, self.untrained = truth, family.empty()

    def reveal(self, transfer, index, measured=None):
        shown = range(len(self.J)) if measured is None else measured
        row = self.J[index, list(shown)][:, None]
        return transfer.learn(index, row, measured=list(shown))


def test_a_quarter_of_the_returns_is_nearly_as_good():
    """On lines: V of the picks, and what is served by the quarter alone."""
    whole, part, served, random = [], [], [], []
    for formula in LINES.values():
        family = LineFamily(formula, 40)
        truth = Whole(family, family.draw(np.random.default_rng(0)))
        full = play_back(MatrixGP(), truth, 6)
        quarter = play_back(MatrixGP(), truth, 6, measuring=Measuring(10))
        assert (full.served, full.cells, quarter.cells) == (pytest.approx(full.V), 240, 60)
        assert (quarter.served <= quarter.V + 1e-12).all()
        rng = np.random.default_rng(1)
        drawn = [truth.J[rng.permutation(40)[:6]].max(axis=0).mean() for _ in range(50)]
        best = play_back(SequentialOracle(truth.J), truth, 6).V[-1]
        for values, V in zip(
            (whole, part, served), (full.V, quarter.V, quarter.served), strict=True
        ):
            values.append((V[-1] - np.mean(drawn)) / (best - np.mean(drawn)))
        random.append(np.mean(drawn))
    assert np.mean(part) > np.mean(whole) - 0.1
    assert np.mean(served) > np.mean(whole) - 0.2
