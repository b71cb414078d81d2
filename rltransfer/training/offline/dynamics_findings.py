"""How wrong a model is on transitions that it was not fitted to.

Notation
    N    transitions; y, ŷ    targets and predictions, shape (N, k); p    probabilities, shape (N,)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rltransfer.training.offline.dynamics_stack import DynamicsStack
from rltransfer.training.offline.member_batches import shown
from rltransfer.training.offline.samples import Batch

__all__ = ["auc", "balanced_accuracy", "errors_of", "r_squared"]

Array = NDArray[Any]


@torch.no_grad()
def errors_of(stack: DynamicsStack, unseen: Batch) -> list[dict[str, float | None]]:
    """Return the errors of each problem's ensemble mean on a batch (G, B, …) of held-out data."""
    batch = shown(unseen, stack.members)
    said = stack(batch.z, batch.c, batch.actions)
    y = stack.targets(batch.z, batch.next_z, batch.rewards)[:, 0].numpy()
    logits = stack.end_logits(batch.next_z, batch.c)
    mean, p = said.mean.mean(dim=1).numpy(), torch.sigmoid(logits).mean(dim=1).numpy()
    ended = 1.0 - unseen.continues.numpy()
    return [errors(*group) for group in zip(y, mean, ended, p, strict=True)]


def errors(y: Array, mean: Array, ended: Array, p: Array) -> dict[str, float | None]:
    """Return one problem's held-out errors by name; None where the data cannot tell."""
    r2 = r_squared(y, mean)
    moving = r2[:-1][~np.isnan(r2[:-1])]
    return {
        "delta_r2": plain(moving.mean() if len(moving) else math.nan),
        "worst_delta_r2": plain(moving.min() if len(moving) else math.nan),
        "reward_r2": plain(r2[-1]),
        "termination_auc": plain(auc(ended, p)),
        "termination_balanced_accuracy": plain(balanced_accuracy(ended, p)),
    }


def r_squared(y: Array, predicted: Array) -> NDArray[np.float64]:
    """Return 1 - Σ(y - ŷ)² / Σ(y - ȳ)² of each target, shape (k,); NaN for one that is constant."""
    y = np.asarray(y, np.float64)
    error = np.square(y - predicted).sum(axis=0)
    total = np.square(y - y.mean(axis=0)).sum(axis=0)
    varies = total > 1e-9 * len(y)
    return np.where(varies, 1.0 - error / np.where(varies, total, 1.0), np.nan)


def auc(happened: Array, p: Array) -> float:
    """Return the probability that p is higher where it happened than where it did not.

    The Mann-Whitney statistic; equal p count one half. NaN if it happened always or never.
    """
    positive = int(happened.sum())
    negative = len(happened) - positive
    if positive == 0 or negative == 0:
        return float("nan")
    _, group, sizes = np.unique(p, return_inverse=True, return_counts=True)
    ranks = np.cumsum(sizes) - 0.5 * (sizes - 1)
    above = ranks[group][happened.astype(bool)].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))


def balanced_accuracy(happened: Array, p: Array) -> float:
    """Return the mean of the shares of both kinds that p > 1/2 gets right; NaN as `auc`."""
    yes = happened.astype(bool)
    if yes.all() or not yes.any():
        return float("nan")
    return float(0.5 * ((p[yes] > 0.5).mean() + (p[~yes] <= 0.5).mean()))


def plain(value: float) -> float | None:
    """Return a number as JSON knows it: None for NaN."""
    return None if math.isnan(value) else round(float(value), 6)
