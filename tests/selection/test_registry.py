from __future__ import annotations

import pytest

from rltransfer.errors import InvalidExperiment, UnknownName
from rltransfer.selection import (
    GPMBTL,
    MBTL,
    MGPMBTL,
    MMBTL,
    MPTS,
    SELECTORS,
    Equidistant,
    FixedSlope,
    GreedyBisection,
    KMedoids,
    LiteralMBTL,
    MatrixGP,
    OptunaGP,
    OptunaTPE,
    RandomSelector,
    SobolDesign,
    make_selector,
)


def made(name, options=None):
    return make_selector(name, seed=7, budget=12, score=(-5.0, 5.0), options=options or {})


EXPECTED = {
    "matrix-gp": MatrixGP(),
    "mbtl": MBTL(),
    "mbtl-literal": LiteralMBTL(seed=7, theta=0.005, score=(-5.0, 5.0)),
    "gp-mbtl": GPMBTL(score=(-5.0, 5.0)),
    "m-mbtl": MMBTL(),
    "m-gp-mbtl": MGPMBTL(score=(-5.0, 5.0)),
    "mpts": MPTS(seed=7),
    "random": RandomSelector(7),
    "equidistant": Equidistant(12, 7),
    "greedy-bisection": GreedyBisection(),
    "k-medoids": KMedoids(12),
    "sobol": SobolDesign(12, 7),
    "optuna-gp": OptunaGP(7),
    "tpe": OptunaTPE(7),
}


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_each_gets_what_it_understands(name, expected):
    assert made(name) == expected


def test_every_name_is_tested():
    assert set(SELECTORS) == set(EXPECTED)


def test_options():
    assert made("mbtl-literal", {"theta": 1}).theta == 1.0
    assert made("mbtl", {"gap": 0.5}) == MBTL(gap=FixedSlope(0.5))
    assert made("mbtl", {"gap": "fitted"}) == MBTL()


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("random", {"theta": 1}, "selector 'random' has no option 'theta'. Allowed: none."),
        ("mbtl-literal", {"teta": 1}, "no option 'teta'; did you mean 'theta'. Allowed: theta."),
        ("mbtl", {"seed": 1}, "selector 'mbtl' has no option 'seed'. Allowed: gap."),
        ("mbtl", {"gap": "fited"}, "option mbtl.gap must be 'fitted', or a slope"),
        ("mbtl", {"gap": True}, "option mbtl.gap must be a number; got True"),
        ("mbtl", {"gap": -1.0}, "finite number of at least 0; got -1"),
        ("mbtl-literal", {"theta": "x"}, "option mbtl-literal.theta must be a number; got 'x'"),
    ],
)
def test_options_that_do_not_fit(name, options, sentence):
    with pytest.raises(InvalidExperiment, match=sentence):
        made(name, options)


def test_unknown_names_and_bounds():
    with pytest.raises(UnknownName, match="no selector is called 'mbtll'; did you mean 'mbtl'"):
        made("mbtll")
    with pytest.raises(InvalidExperiment, match=r"low < high; got \(1, 1\)"):
        make_selector("mbtl", seed=0, budget=1, score=(1, 1))
