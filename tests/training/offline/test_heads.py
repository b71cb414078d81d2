"""The distributions over actions, against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import distributions

from rltransfer.training.offline.heads import Categorical, Gaussian

K, B, A = 3, 5, 2


def gaussian(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return Gaussian(
        torch.randn(K, B, A, generator=generator), 0.5 * torch.randn(K, 1, A, generator=generator)
    )


def categorical(seed=0, actions=4):
    logits = torch.randn(K, B, actions, generator=torch.Generator().manual_seed(seed))
    return Categorical(torch.log_softmax(logits, -1))


def torchs(head):
    if isinstance(head, Categorical):
        return distributions.Categorical(logits=head.logits)
    normal = distributions.Normal(head.mean, head.log_std.exp().expand_as(head.mean))
    return distributions.Independent(normal, 1)


@pytest.mark.parametrize("make", [gaussian, categorical])
def test_likelihoods_and_divergences_are_torchs(make):
    head, other = make(0), make(1)
    actions = torchs(other).sample()
    torch.testing.assert_close(
        head.log_prob(actions), torchs(head).log_prob(actions), atol=1e-5, rtol=1e-5
    )
    expected = distributions.kl_divergence(torchs(head), torchs(other))
    torch.testing.assert_close(head.kl(other), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(head.kl(head), torch.zeros(K, B), atol=1e-6, rtol=0)
    assert head.kl(other).shape == head.log_prob(actions).shape == (K, B)


@pytest.mark.parametrize("make", [gaussian, categorical])
def test_the_mode_is_the_most_likely_action(make):
    head = make()
    best, generator = head.log_prob(head.mode()), torch.Generator().manual_seed(0)
    for _ in range(50):
        assert bool((head.log_prob(head.sample(generator)) <= best + 1e-6).all())


def test_samples_of_a_gaussian_have_its_moments():
    head = gaussian()
    many = Gaussian(head.mean.repeat(1, 8000, 1), head.log_std)
    found = many.sample(torch.Generator().manual_seed(2)).reshape(K, 8000, B, A)
    torch.testing.assert_close(found.mean(1), head.mean, atol=0.08, rtol=0)
    std = head.log_std.exp().expand(K, B, A)
    torch.testing.assert_close(found.std(1), std, atol=0, rtol=0.04)


def test_actions_are_drawn_as_often_as_they_are_likely():
    head, n = categorical(), 20_000
    many = Categorical(head.logits.repeat(1, n, 1))
    found = many.sample(torch.Generator().manual_seed(3)).reshape(K, n, B)
    counts = torch.stack([(found == a).sum(1) for a in range(4)], dim=-1)
    expected = n * head.logits.exp()
    chi_square = ((counts - expected) ** 2 / expected).sum(-1)
    assert chi_square.max() < 22.0  # 15 draws, 3 degrees of freedom: p = 1e-3 in all


def test_an_impossible_action_is_never_drawn():
    head = Categorical(torch.tensor([0.5, 0.5, 0.0]).log().expand(1, 10_000, 3))
    found = head.sample(torch.Generator().manual_seed(0))
    assert found.dtype == torch.int64
    assert set(found.flatten().tolist()) == {0, 1}


@pytest.mark.parametrize("make", [gaussian, categorical])
def test_samples_follow_the_generator(make):
    one, again, other = (make().sample(torch.Generator().manual_seed(s)) for s in (4, 4, 5))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_detached_heads_carry_no_gradient():
    for make in (gaussian, categorical):
        head = make()
        tensors = vars(head)
        following = type(head)(*(t.clone().requires_grad_() for t in tensors.values()))
        assert all(t.requires_grad for t in vars(following).values())
        assert not any(t.requires_grad for t in vars(following.detach()).values())
