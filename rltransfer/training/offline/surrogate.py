"""PPO's clipped objective for a stack of K policies.

Notation
    ρ    π(a|s) / π^old(a|s)
    Â    advantages, standardised over each policy's minibatch
    ε    clip range

Source: Schulman et al., PPO (arXiv 1707.06347), eq. 7.
"""

from __future__ import annotations

import torch
from torch import Tensor

from rltransfer.training.offline.heads import Categorical, Head

__all__ = ["exact_surrogate", "sampled_surrogate"]

TINY = 1e-8


def sampled_surrogate(
    head: Head, old: Head, actions: Tensor, advantages: Tensor, clip: float
) -> Tensor:
    """Return E[min(ρ Â, clip(ρ) Â)] on sampled actions, per policy (K,).

    Args:
        head: π.
        old: π^old, in the same states.
        actions: drawn from π^old, shape (K, B) or (K, B, a).
        advantages: of these actions, shape (K, B).
        clip: ε.
    """
    ratio = torch.exp(head.log_prob(actions) - old.log_prob(actions))
    return clipped(ratio, standardised(advantages), clip).mean(dim=1)


def exact_surrogate(head: Categorical, old: Categorical, advantages: Tensor, clip: float) -> Tensor:
    """Return E_s Σ_a π^old(a|s) min(ρ Â, clip(ρ) Â), per policy (K,): no sampling noise.

    Args:
        head: π.
        old: π^old, in the same states.
        advantages: of every action, shape (K, B, a).
        clip: ε.
    """
    p, ratio = old.logits.exp(), torch.exp(head.logits - old.logits)
    centred = advantages - (p * advantages).sum(-1, keepdim=True)
    deviation = (p * centred.square()).sum(-1).mean(1).sqrt()[:, None, None]
    return (p * clipped(ratio, centred / (deviation + TINY), clip)).sum(-1).mean(1)


def clipped(ratio: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """Return PPO's pessimistic product, elementwise."""
    return torch.minimum(ratio * advantages, ratio.clamp(1.0 - clip, 1.0 + clip) * advantages)


def standardised(advantages: Tensor) -> Tensor:
    """Return advantages with mean 0 and deviation 1 over each policy's minibatch, (K, B)."""
    centred = advantages - advantages.mean(dim=1, keepdim=True)
    return centred / (centred.std(dim=1, keepdim=True) + TINY)
