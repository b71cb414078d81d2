from __future__ import annotations

import torch

from rltransfer.training.offline.groups import gathered, grouped, spread

G, N, B = 2, 3, 4


def test_values_of_a_problem_are_repeated_for_its_members():
    values = torch.arange(G * B * 2).reshape(G, B, 2)
    found = spread(values, N)
    assert found.shape == (G * N, B, 2)
    for g in range(G):
        for i in range(N):
            assert torch.equal(found[g * N + i], values[g])


def test_rows_of_all_members_come_side_by_side():
    values = torch.arange(G * N * B).reshape(G * N, B)
    found = gathered(values, N)
    assert found.shape == (G, N * B)
    for g in range(G):
        assert found[g].tolist() == [x for row in values[g * N : (g + 1) * N].tolist() for x in row]
    assert torch.equal(found.reshape(G * N, B), values)


def test_hidden_features_may_be_none():
    """d = 0: nothing to repeat, and the shapes say so."""
    none = torch.zeros(G, B, 0)
    assert spread(none, N).shape == (G * N, B, 0)
    assert gathered(spread(none, N), N).shape == (G, N * B, 0)
    assert spread(none[:1], 1).shape == gathered(none[:1], 1).shape == (1, B, 0)


def test_members_of_a_problem_are_neighbours():
    assert grouped("abcdef", N) == [("a", "b", "c"), ("d", "e", "f")]
    assert grouped(["x"], 1) == [("x",)]
