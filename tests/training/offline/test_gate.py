from __future__ import annotations

import math

import pytest
import torch

from rltransfer.training.offline.gate import BestSoFar, PairedGate, standard_error
from rltransfer.training.offline.scorers import Scores

E, S = 5, 64


def scores(generator: torch.Generator, better: float, worlds: float, starts: float) -> Scores:
    """Paired differences of 1,000 policies with effects of the world, of the start, of both."""
    noise = [
        torch.randn(1, 1000, *shape, generator=generator) for shape in ((E, 1), (1, S), (E, S))
    ]
    return Scores(better + worlds * noise[0] + starts * noise[1] + noise[2])


NOTHING = Scores(torch.zeros(1, 1000, E, S))


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("worlds", [0.0, 1.0])
@pytest.mark.parametrize("starts", [0.0, 1.0])
def test_equals_are_rarely_accepted(generator, worlds, starts):
    candidate = scores(generator, 0.0, worlds, starts)
    rates = [PairedGate(m).decide(NOTHING, candidate).float().mean() for m in (0.0, 1.0, 2.0)]
    assert 0.42 < rates[0] < 0.58
    assert rates[1] < 0.22  # one-sided, 4 degrees of freedom: 0.187
    assert rates[2] < 0.08


def test_differences_of_one_world_do_not_count_as_many(generator):
    """Five worlds that disagree are five opinions, however many starts each was asked about."""
    candidate = scores(generator, 0.0, worlds=5.0, starts=0.0)
    naive = candidate.per_start.flatten(2)
    fooled = naive.mean(2) > 2.0 * naive.std(2) / math.sqrt(E * S)
    assert fooled.float().mean() > 0.3
    assert PairedGate(2.0).decide(NOTHING, candidate).float().mean() < 0.08


def test_the_clearly_better_are_accepted(generator):
    candidate = scores(generator, 1.0, worlds=0.3, starts=1.0)
    assert PairedGate(1.0).decide(NOTHING, candidate).float().mean() > 0.95
    assert not PairedGate(1.0).decide(candidate, NOTHING).float().mean() > 0.05


def test_what_is_exactly_equal_is_refused(generator):
    same = scores(generator, 0.0, 1.0, 1.0)
    for gate in (PairedGate(0.0), PairedGate(1.0), BestSoFar()):
        found = gate.decide(same, Scores(same.per_start.clone()))
        assert found.shape == (1, 1000)
        assert found.dtype == torch.bool
        assert not found.any()


def test_best_so_far_accepts_any_higher_score(generator):
    old, new = scores(generator, 0.0, 1.0, 1.0), scores(generator, 0.0, 1.0, 1.0)
    assert torch.equal(BestSoFar().decide(old, new), new.values > old.values)


def test_the_standard_error_is_that_of_the_means_over_worlds_and_starts(generator):
    difference = scores(generator, 0.0, 1.0, 1.0).per_start
    worlds, starts = difference.mean(3), difference.mean(2)
    expected = (worlds.var(2) / E + starts.var(2) / S).sqrt()
    torch.testing.assert_close(standard_error(difference), expected)
    assert standard_error(torch.randn(1, 2, 1, 1)).tolist() == [[0.0, 0.0]]


def test_the_error_is_the_spread_of_the_mean_over_many_draws(generator):
    means, errors = [], []
    for _ in range(20):
        difference = scores(generator, 0.0, 1.0, 2.0).per_start
        means.append(difference.mean(dim=(2, 3)))
        errors.append(standard_error(difference).square())
    truth = torch.cat(means).std()
    assert torch.cat(errors).mean().sqrt() == pytest.approx(float(truth), rel=0.05)


def test_gates_are_values():
    assert PairedGate() == PairedGate(1.0) != PairedGate(2.0)
    assert BestSoFar() == BestSoFar()
