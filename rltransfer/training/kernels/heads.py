"""What a policy's outputs say about actions: log-probabilities, entropies and their derivatives.

Notation
    B, A    rows, and actions to choose from (categorical) or numbers in an action (Gaussian)
    ℓ, p    logits and probabilities of the actions, (B, A)
    μ, σ    mean (B, A) and standard deviation (A,) of a Gaussian with independent components
    w       derivative of the loss with respect to each row's log-probability, (B,)
    c       derivative of the loss with respect to each row's entropy

    categorical   log p_i = ℓ_i - log Σ exp ℓ       ∂log p_a/∂ℓ_i = [i = a] - p_i
                  H = -Σ p log p                    ∂H/∂ℓ_i = -p_i (log p_i + H)
    Gaussian      log π(a) = Σ -(a - μ)²/2σ² - log σ - ½ log 2π
                  ∂/∂μ = (a - μ)/σ²                 ∂/∂log σ = (a - μ)²/σ² - 1
                  H = Σ ½ + ½ log 2π + log σ        ∂H/∂log σ = 1

A policy without σ is categorical.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_into_callers

__all__ = ["describe", "slope"]

Array = NDArray[np.floating[Any]]

ZERO, HALF, ONE, TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
HALF_LOG_2PI = np.float32(0.9189385332046727)


@compiled_into_callers
def describe(
    outputs: Array, log_std: Array, actions: Array, log_probs: Array, entropies: Array
) -> None:
    """Write log-probabilities and entropies, (B,), of actions of shape (B, 1) or (B, A).

    For a categorical policy, `outputs` are logits and become log-probabilities.
    """
    if len(log_std):
        describe_gaussian(outputs, log_std, actions, log_probs, entropies)
    else:
        describe_categorical(outputs, actions, log_probs, entropies)


@compiled_into_callers
def slope(
    outputs: Array, log_std: Array, actions: Array, w: Array, c: Any, out_log_std: Array
) -> None:
    """Replace the outputs, as `describe` left them, by the loss's derivatives with respect to them.

    Those with respect to log σ are written into `out_log_std`, (A,).
    """
    if len(log_std):
        slope_gaussian(outputs, log_std, actions, w, c, out_log_std)
    else:
        slope_categorical(outputs, actions, w, c)


@compiled_into_callers
def describe_categorical(logits: Array, actions: Array, log_probs: Array, entropies: Array) -> None:
    """See `describe`."""
    for r in range(len(logits)):
        log_softmax(logits[r])
        entropy = ZERO
        for value in logits[r]:
            entropy -= exp(value) * value
        log_probs[r], entropies[r] = logits[r, int(actions[r, 0])], entropy


@compiled_into_callers
def log_softmax(logits: Array) -> None:
    """Replace logits, (A,), by log-probabilities."""
    highest = logits.max()
    total = ZERO
    for value in logits:
        total += exp(value - highest)
    shift = highest + log(total)
    for i in range(len(logits)):
        logits[i] -= shift


@compiled_into_callers
def slope_categorical(log_p: Array, actions: Array, w: Array, c: float) -> None:
    """See `slope`."""
    for r in range(len(log_p)):
        entropy = ZERO
        for value in log_p[r]:
            entropy -= exp(value) * value
        for i in range(log_p.shape[1]):
            p = exp(log_p[r, i])
            log_p[r, i] = -p * (w[r] + c * (log_p[r, i] + entropy))
        log_p[r, int(actions[r, 0])] += w[r]


@compiled_into_callers
def describe_gaussian(
    means: Array, log_std: Array, actions: Array, log_probs: Array, entropies: Array
) -> None:
    """See `describe`."""
    for r in range(len(means)):
        log_prob = entropy = ZERO
        for i in range(means.shape[1]):
            far = (actions[r, i] - means[r, i]) / exp(log_std[i])
            log_prob -= HALF * far * far + log_std[i] + HALF_LOG_2PI
            entropy += HALF + HALF_LOG_2PI + log_std[i]
        log_probs[r], entropies[r] = log_prob, entropy


@compiled_into_callers
def slope_gaussian(
    means: Array, log_std: Array, actions: Array, w: Array, c: Any, out_log_std: Array
) -> None:
    """See `slope`."""
    for i in range(means.shape[1]):
        std = exp(log_std[i])
        total = ZERO
        for r in range(len(means)):
            far = (actions[r, i] - means[r, i]) / std
            total += w[r] * (far * far - ONE) + c
            means[r, i] = w[r] * far / std
        out_log_std[i] = total
