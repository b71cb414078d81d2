"""PPO's objective, against its formula in a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from rltransfer.training.offline.heads import Categorical, Gaussian
from rltransfer.training.offline.surrogate import exact_surrogate, sampled_surrogate

CLIP = 0.2


def gaussians(seed=0, K=3, B=40, a=2):
    generator = torch.Generator().manual_seed(seed)
    old = Gaussian(torch.randn(K, B, a, generator=generator), torch.full((K, 1, a), -0.3))
    new = Gaussian(old.mean + 0.2 * torch.randn(K, B, a, generator=generator), old.log_std + 0.05)
    return new, old, old.sample(generator), torch.randn(K, B, generator=generator)


def categoricals(seed=0, K=2, B=30, a=3, shift=0.3):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(K, B, a, generator=generator)
    moved = logits + shift * torch.randn(K, B, a, generator=generator)
    return (
        Categorical(torch.log_softmax(moved, -1)),
        Categorical(torch.log_softmax(logits, -1)),
        torch.randn(K, B, a, generator=generator),
    )


def term(ratio, advantage, clip=CLIP):
    return min(ratio * advantage, min(max(ratio, 1 - clip), 1 + clip) * advantage)


def test_the_sampled_surrogate_is_the_papers():
    new, old, actions, advantages = gaussians()
    found = sampled_surrogate(new, old, actions, advantages, CLIP)
    for k in range(3):
        A = advantages[k].numpy().astype(np.float64)
        A = (A - A.mean()) / A.std(ddof=1)
        terms = []
        for b in range(40):
            ratio = 1.0
            for i in range(2):
                densities = []
                for head in (new, old):
                    sigma = math.exp(head.log_std[k, 0, i])
                    u = (float(actions[k, b, i]) - float(head.mean[k, b, i])) / sigma
                    densities.append(math.exp(-0.5 * u * u) / sigma)
                ratio *= densities[0] / densities[1]
            terms.append(term(ratio, A[b]))
        assert float(found[k]) == pytest.approx(np.mean(terms), abs=1e-5)


def test_the_exact_surrogate_sums_over_all_actions():
    new, old, advantages = categoricals()
    found = exact_surrogate(new, old, advantages, CLIP)
    for k in range(2):
        p, q, A = (
            x[k].numpy().astype(np.float64)
            for x in (old.logits.exp(), new.logits.exp(), advantages)
        )
        A = A - (p * A).sum(axis=1, keepdims=True)
        A = A / np.sqrt((p * A**2).sum(axis=1).mean())
        terms = [
            sum(p[b, i] * term(q[b, i] / p[b, i], A[b, i]) for i in range(3)) for b in range(30)
        ]
        assert float(found[k]) == pytest.approx(np.mean(terms), abs=1e-5)


def test_the_exact_surrogate_is_what_sampling_tends_to():
    new, old, advantages = categoricals()
    p = old.logits.exp()
    advantages = advantages - (p * advantages).sum(-1, keepdim=True)
    many = 4000
    heads = [Categorical(head.logits.repeat(1, many, 1)) for head in (new, old)]
    actions = heads[1].sample(torch.Generator().manual_seed(1))
    chosen = advantages.repeat(1, many, 1).gather(-1, actions[..., None]).squeeze(-1)
    sampled = sampled_surrogate(*heads, actions, chosen, CLIP)
    torch.testing.assert_close(
        exact_surrogate(new, old, advantages, CLIP), sampled, atol=0.01, rtol=0
    )


def test_a_baseline_of_the_state_does_not_matter_where_actions_are_enumerated():
    new, old, advantages = categoricals()
    shifted = advantages + 50.0 * torch.randn(2, 30, 1)
    found, again = (exact_surrogate(new, old, A, CLIP) for A in (advantages, shifted))
    torch.testing.assert_close(found, again, atol=1e-4, rtol=1e-4)


def test_scale_and_offset_of_advantages_do_not_matter():
    new, old, actions, advantages = gaussians()
    found = sampled_surrogate(new, old, actions, advantages, CLIP)
    again = sampled_surrogate(new, old, actions, 30.0 * advantages - 7.0, CLIP)
    torch.testing.assert_close(found, again, atol=1e-5, rtol=1e-4)


def test_nothing_is_gained_at_the_old_policy():
    _, old, advantages = categoricals(shift=0.0)
    torch.testing.assert_close(
        exact_surrogate(old, old, advantages, CLIP), torch.zeros(2), atol=1e-6, rtol=0
    )


def test_beyond_the_clip_range_good_actions_pull_no_further():
    """Two actions; the first is better, and already 1.5 times as likely as before."""
    old = Categorical(torch.log(torch.tensor([[[0.5, 0.5]]])))
    logits = torch.log(torch.tensor([[[0.75, 0.25]]])).requires_grad_()
    better = torch.tensor([[[1.0, -1.0]]])
    exact_surrogate(Categorical(torch.log_softmax(logits, -1)), old, better, CLIP).sum().backward()
    assert logits.grad.abs().max() == 0.0
    logits.grad = None  # the other way round, the way back stays open
    exact_surrogate(Categorical(torch.log_softmax(logits, -1)), old, -better, CLIP).sum().backward()
    assert logits.grad[0, 0, 0] < -0.1

    mean = torch.tensor([[[1.0], [-1.0]]]).requires_grad_()
    zero = Gaussian(torch.zeros(1, 2, 1), torch.zeros(1, 1, 1))
    actions = torch.tensor(
        [[[1.0], [1.0]]]
    )  # made likelier by the first, less likely by the second
    head = Gaussian(mean, torch.zeros(1, 1, 1))
    sampled_surrogate(head, zero, actions, torch.tensor([[1.0, -1.0]]), CLIP).sum().backward()
    assert mean.grad.abs().max() == 0.0


def test_the_gradient_points_to_better_actions():
    _, old, advantages = categoricals(shift=0.0)
    logits = old.logits.clone().requires_grad_()
    exact_surrogate(
        Categorical(torch.log_softmax(logits, -1)), old, advantages, CLIP
    ).sum().backward()
    best = advantages.argmax(-1)
    assert bool((logits.grad.gather(-1, best[..., None]) > 0).all())
