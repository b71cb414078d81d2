"""Every selector of ours keeps the contract that others may inherit."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.selection import (
    MBTL,
    SELECTORS,
    FixedSlope,
    GreedyBisection,
    MyopicOracle,
    Proposal,
    SequentialOracle,
    make_selector,
)
from rltransfer.testing.selector_contract import SelectorContract
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily

MANY_FEATURES = [name for name in SELECTORS if name != "mbtl-literal"]


class TestRegistered(SelectorContract):
    @pytest.fixture(params=SELECTORS)
    def selector(self, request):
        return make_selector(request.param, seed=3, budget=4, score=(-1.0, 2.0))


class TestRegisteredInTwoDimensions(SelectorContract):
    @pytest.fixture(params=MANY_FEATURES)
    def selector(self, request):
        return make_selector(request.param, seed=3, budget=4, score=(0.0, 500.0))

    @pytest.fixture
    def toy(self):
        return SyntheticFamily((1.0, -3.0), size=4)


class TestFixedSlope(SelectorContract):
    @pytest.fixture
    def selector(self):
        return MBTL(gap=FixedSlope(1.0))


class TestSequentialOracle(SelectorContract):
    @pytest.fixture
    def selector(self):
        return SequentialOracle(LinearGapToy.wavy(15).truth)


class TestMyopicOracle(SelectorContract):
    @pytest.fixture
    def selector(self):
        return MyopicOracle(np.random.default_rng(0).random((3, 15, 15)))


class Forgetful:
    """Breaks the contract: it counts its calls."""

    calls = 0

    def propose(self, transfer):
        self.calls += 1
        proposal = GreedyBisection().propose(transfer)
        if self.calls % 2:
            return proposal
        return Proposal(proposal.index, proposal.context, f"call {self.calls}")


def test_the_contract_can_fail():
    with pytest.raises(AssertionError):
        SelectorContract().test_the_same_matrix_gives_the_same_proposal(
            Forgetful(), LinearGapToy.flat(15)
        )
