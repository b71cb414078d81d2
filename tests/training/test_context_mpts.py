"""MPTS draws hard contexts more often, and none where all are equally hard."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.training.context_mpts import MPTSContexts, MPTSSettings
from rltransfer.training.context_sampler import FinishedEpisode

N, EPISODES, STEPS, ROWS = 30, 1500, 10, 8
UNITS = np.linspace(0.0, 1.0, N)
CONTEXTS = [Context(x=float(i)) for i in range(N)]


def sampler(seed=0, warm_up=0.1, settings=None):
    steps = warm_up * EPISODES * STEPS
    rng = np.random.default_rng(seed)
    return MPTSContexts(CONTEXTS, UNITS[:, None], steps, rng, settings)


def drawn(returns, seed=0, **made):
    """Return the contexts drawn while 8 rows play; `returns` of a place, and noise, (EPISODES,)."""
    contexts, luck = sampler(seed, **made), np.random.default_rng(seed + 100)
    rows = [contexts.draw() for _ in range(ROWS)]
    seen = []
    for _ in range(EPISODES):
        row = int(luck.integers(ROWS))  # rows do not end in turn
        u = UNITS[int(rows[row]["x"])]
        contexts.hear(FinishedEpisode(rows[row], returns(u, luck.standard_normal()), STEPS))
        rows[row] = contexts.draw()
        seen.append(int(rows[row]["x"]))
    return np.array(seen)


def shares(places):
    return np.bincount(places, minlength=N) / len(places) * N


@pytest.mark.parametrize(
    ("returns", "hard"),
    [
        (lambda u, z: 200.0 - 50.0 * u + 5.0 * z, UNITS > 0.85),
        (lambda u, z: -1.0 * np.exp(-(((u - 0.3) / 0.1) ** 2)) + 0.1 * z, abs(UNITS - 0.3) < 0.1),
    ],
)
def test_hard_contexts_are_drawn_more_often(returns, hard):
    share = shares(drawn(returns)[EPISODES // 5 :])
    assert share[hard].mean() > 1.5
    assert share.min() > 0.3  # half of each batch is drawn at random


@pytest.mark.parametrize("returns", [lambda u, z: 7.0, lambda u, z: z])
@pytest.mark.parametrize("seed", [0, 1])
def test_where_all_are_equally_hard_all_are_drawn_about_equally(returns, seed):
    share = shares(drawn(returns, seed))
    assert share.min() > 0.6
    assert share.max() < 1.5


def test_the_paper_prefers_some_contexts_even_then():
    """Which is why the model is followed only while it foretells something."""
    always = MPTSSettings(least_skill=-1.0)
    assert shares(drawn(lambda u, z: z, settings=always)).max() > 1.8


def test_the_same_seed_gives_the_same_draws():
    def hard(u, z):
        return -u

    assert (drawn(hard, 3) == drawn(hard, 3)).all()
    assert (drawn(hard, 3) != drawn(hard, 4)).any()


def test_during_the_warm_up_every_context_is_drawn_as_often():
    share = shares(drawn(lambda u, z: -u, warm_up=1.0))
    assert share.max() < 1.5


def test_units_of_the_return_do_not_matter():
    plain = drawn(lambda u, z: -u)
    assert (plain == drawn(lambda u, z: 1024.0 * (-u))).all()


def test_its_skill_is_the_correlation_of_foretold_and_observed_risks():
    contexts = sampler()
    assert contexts.skill == 0.0
    for _ in range(40):
        context = contexts.draw()
        contexts.hear(FinishedEpisode(context, -float(context["x"]), STEPS))
    assert 0.3 < contexts.skill <= 1.0


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_few_contexts_are_enough(n):
    some = MPTSContexts(CONTEXTS[:n], UNITS[:n, None], 0.0, np.random.default_rng(0))
    seen = []
    for _ in range(200):
        seen.append(some.draw())
        some.hear(FinishedEpisode(seen[-1], -float(seen[-1]["x"]), 1))
    assert set(seen) == set(CONTEXTS[:n])
