from __future__ import annotations

import torch

from rltransfer.training.offline.inputs import action_encoder
from rltransfer.training.policy_spec import BoxSpace, DiscreteSpace


def test_discrete_actions_are_one_hot():
    found = action_encoder(DiscreteSpace(n=3))(torch.tensor([[2, 0], [1, 1]]))
    assert found.dtype == torch.float32
    assert found.tolist() == [[[0, 0, 1], [1, 0, 0]], [[0, 1, 0], [0, 1, 0]]]


def test_continuous_actions_are_clipped_and_scaled_to_one():
    encode = action_encoder(BoxSpace(low=(-2.0, 0.0), high=(2.0, 10.0)))
    given = torch.tensor([[-2.0, 0.0], [0.0, 5.0], [2.0, 10.0], [1.0, 7.5], [-99.0, 99.0]])
    expected = torch.tensor([[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0], [0.5, 0.5], [-1.0, 1.0]])
    torch.testing.assert_close(encode(given), expected)
    torch.testing.assert_close(encode(given[None, :, None]), expected[None, :, None])
