from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rltransfer.contexts import Context
from rltransfer.training.context_rounds import ContextRounds


def contexts(n):
    return [Context(x=float(i)) for i in range(n)]


@given(st.integers(1, 9), st.integers(0, 2**32))
def test_every_round_shows_every_context_once(n, seed):
    rounds = ContextRounds(contexts(n), np.random.default_rng(seed))
    for _ in range(4):
        assert {rounds.draw() for _ in range(n)} == set(contexts(n))


def test_the_order_is_the_generators():
    def drawn(seed):
        rounds = ContextRounds(contexts(6), np.random.default_rng(seed))
        return [rounds.draw()["x"] for _ in range(12)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert drawn(1)[:6] != drawn(1)[6:]
