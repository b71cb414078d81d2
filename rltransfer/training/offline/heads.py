"""Distributions over actions, for a stack of K actors and B states each.

Both are Stable-Baselines3's own: a plain Gaussian with a state-independent log σ, whose mean is
not squashed and whose sample is clipped only on its way into the environment; and a categorical
distribution over logits. So what is learnt offline goes online without any conversion. (Uni-O4's
released code squashes twice at its hand-over, and σ jumps there.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Categorical", "Gaussian", "Head"]

LOG_2PI = math.log(2.0 * math.pi)


@dataclass(frozen=True)
class Gaussian:
    """Normal distributions with independent components.

    Attributes:
        mean: shape (K, B, a).
        log_std: shape (K, 1, a).
    """

    mean: Tensor
    log_std: Tensor

    def log_prob(self, actions: Tensor) -> Tensor:
        """Return log π(a|s), shape (K, B), for actions of shape (K, B, a)."""
        u = (actions - self.mean) * torch.exp(-self.log_std)
        size = self.mean.shape[-1]
        return -0.5 * (u.square().sum(-1) + size * LOG_2PI) - self.log_std.sum(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Return one action per state, shape (K, B, a)."""
        noise = torch.randn(self.mean.shape, generator=generator)
        return self.mean + self.log_std.exp() * noise

    def mode(self) -> Tensor:
        """Return the most likely actions, shape (K, B, a)."""
        return self.mean

    def kl(self, other: Head) -> Tensor:
        """Return KL(self ‖ other), shape (K, B), for another Gaussian."""
        assert isinstance(other, Gaussian)
        ratio = torch.exp(2.0 * (self.log_std - other.log_std))
        shift = (self.mean - other.mean).square() * torch.exp(-2.0 * other.log_std)
        return 0.5 * (ratio + shift - 1.0 - 2.0 * (self.log_std - other.log_std)).sum(-1)

    def detach(self) -> Gaussian:
        """Return the same without a gradient."""
        return Gaussian(self.mean.detach(), self.log_std.detach())


@dataclass(frozen=True)
class Categorical:
    """Distributions over a finite number of actions.

    Attributes:
        logits: normalised log-probabilities, shape (K, B, a).
    """

    logits: Tensor

    def log_prob(self, actions: Tensor) -> Tensor:
        """Return log π(a|s), shape (K, B), for actions of shape (K, B), int64."""
        return self.logits.gather(-1, actions[..., None]).squeeze(-1)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Return one action per state, shape (K, B), by the Gumbel trick."""
        uniform = torch.rand(self.logits.shape, generator=generator).clamp_(min=1e-20)
        return (self.logits - torch.log(-torch.log(uniform))).argmax(-1)

    def mode(self) -> Tensor:
        """Return the most likely actions, shape (K, B)."""
        return self.logits.argmax(-1)

    def kl(self, other: Head) -> Tensor:
        """Return KL(self ‖ other), shape (K, B), for another categorical distribution."""
        assert isinstance(other, Categorical)
        return (self.logits.exp() * (self.logits - other.logits)).sum(-1)

    def detach(self) -> Categorical:
        """Return the same without a gradient."""
        return Categorical(self.logits.detach())


Head = Gaussian | Categorical
