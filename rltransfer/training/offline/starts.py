"""The states from which policies are tried in a model.

Notation
    G, S    problems; start states of each
    z, c    standardised observations (G, S, o); hidden context features (G, S, d)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rltransfer.envs.wrappers import visible_units, with_context
from rltransfer.training.actor import standardiser
from rltransfer.training.offline.samples import ProblemData

__all__ = ["Starts"]


@dataclass(frozen=True)
class Starts:
    """A fixed set of states, drawn once and common to all policies and all checks.

    So the luck of the draw is shared, and drops out of every difference between two policies.
    """

    z: Tensor
    c: Tensor

    @classmethod
    def draw(
        cls, parts: Sequence[ProblemData], size: int, rngs: Sequence[np.random.Generator]
    ) -> Starts:
        """Draw starts in each problem's own contexts, whatever contexts the data are of.

        Half are first states of episodes, where a return is counted from; half are any states of
        the data, so that roll-outs shorter than an episode also visit its later parts.

        Args:
            parts: the data of the G problems.
            size: S.
            rngs: a generator per problem.
        """
        pairs = [drawn(part, size, rng) for part, rng in zip(parts, rngs, strict=True)]
        z, c = zip(*pairs, strict=True)
        return cls(torch.from_numpy(np.stack(z)), torch.from_numpy(np.stack(c)))


def drawn(
    part: ProblemData, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return z, shape (S, o), and c, shape (S, d), of one problem."""
    p = part.likelihood
    firsts = part.data.starts
    early = rng.choice(firsts, size - size // 2, p=p[firsts] / p[firsts].sum())
    rows = np.concatenate([early, rng.choice(len(p), size // 2, p=p)])
    problem = part.problem
    contexts = [problem.contexts[i % len(problem.contexts)] for i in range(size)]
    units = visible_units(problem.env.space, contexts, problem.observe)
    x = with_context(part.data.observations[rows], units)
    z = standardiser(part.normalization)(np.asarray(x, np.float32))
    return np.asarray(z, np.float32), part.units(contexts).astype(np.float32)
