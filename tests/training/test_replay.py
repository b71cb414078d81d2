from __future__ import annotations

import numpy as np
import torch

from rltransfer.training.replay import Replay


def replay_of(weights, room=5, seed=0):
    number = torch.arange(len(weights), dtype=torch.float32)
    columns = {"number": number, "pair": torch.stack([number, -number], dim=1)}
    return Replay(columns, np.array(weights, float), room, np.random.default_rng(seed))


def test_transitions_are_drawn_in_proportion_to_their_weights():
    drawn = replay_of([0.0, 1.0, 3.0]).draw(40_000)["number"]
    counts = np.bincount(drawn[0].long(), minlength=3) / 40_000
    np.testing.assert_allclose(counts, [0.0, 0.25, 0.75], atol=0.01)


def test_new_transitions_weigh_one_each():
    replay = replay_of([0.5, 0.5])
    for number in (7.0, 8.0):
        one = torch.tensor([number])
        replay.add({"number": one, "pair": torch.stack([one, -one], dim=1)})
    assert len(replay) == 4
    drawn = replay.draw(40_000)
    counts = np.bincount(drawn["number"][0].long(), minlength=9) / 40_000
    np.testing.assert_allclose(counts[[0, 1, 7, 8]], [1 / 6, 1 / 6, 1 / 3, 1 / 3], atol=0.01)
    assert drawn["pair"].shape == (1, 40_000, 2)
    assert torch.equal(drawn["pair"][..., 0], drawn["number"])
    assert torch.equal(drawn["pair"][..., 1], -drawn["number"])


def test_the_generator_decides_what_is_drawn():
    first, again, other = (replay_of([1.0] * 9, seed=seed).draw(50) for seed in (1, 1, 2))
    assert torch.equal(first["number"], again["number"])
    assert not torch.equal(first["number"], other["number"])
