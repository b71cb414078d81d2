from __future__ import annotations

import numpy as np
import optuna
import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.selection import OptunaGP, OptunaTPE, RandomSelector, outsiders, replay
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily

BOTH = [OptunaGP, OptunaTPE]
TILTED = SyntheticFamily((-3.0, -3.0), size=9, source_weight=8.0)


def run(selector, toy, rounds):
    return replay(selector, toy.truth, toy.space, toy.contexts, toy.contexts, rounds)


@pytest.mark.parametrize("make", BOTH)
def test_rounds_before_the_model_are_spread_by_the_seed(make):
    toy = LinearGapToy.wavy(40)
    picks = run(make(3), toy, 8).trained
    assert np.ptp(picks) > 20  # the same seed every round would pile them up
    assert picks == run(make(3), toy, 8).trained != run(make(4), toy, 8).trained


@pytest.mark.parametrize("make", BOTH)
def test_they_seek_the_source_with_the_best_mean(make):
    value = TILTED.truth.mean(axis=1)
    late = run(make(0), TILTED, 22).trained[12:]
    chance = run(RandomSelector(0), TILTED, 22).trained[12:]
    assert value[list(late)].mean() > value[list(chance)].mean()


@pytest.mark.parametrize("make", BOTH)
def test_optunas_log_is_left_as_it_was(make):
    before = optuna.logging.get_verbosity()
    make(0).propose(LinearGapToy.wavy(10).empty())
    assert optuna.logging.get_verbosity() == before


def test_without_torch_the_gp_says_so(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(outsiders, "import_module", missing)
    with pytest.raises(InvalidExperiment, match="'optuna-gp' needs torch, which is not installed"):
        OptunaGP(0).propose(LinearGapToy.wavy(10).empty())
