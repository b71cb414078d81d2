"""Model predictive task sampling (Wang et al. 2025, arXiv 2501.11039) as a selector of sources.

MPTS chooses the tasks of one learner's next batch where it foretells the highest risk. Here the
learner is the set of trained policies, each target being served by the best of them:

    risk after k rounds   ℓ_k(y) = - max_{i <= k} J(π_{x_i}; y)
    score                 γ_0 · mean_z f(x, z) + γ_1 · std_z f(x, z)   over draws of z ~ q

What differs from the paper, because one source is asked for and not a batch: all untrained
candidates are scored instead of a random few, the best one is picked, and no half of the batch is
filled at random; the risks of the targets after each round are the batch the model learns from;
the warm-up is one draw at random, when nothing is trained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.base import (
    Proposal,
    first_best,
    require_complete,
    require_nothing_known,
    untrained,
)
from rltransfer.selection.baselines import RandomSelector
from rltransfer.transfer import TransferMatrix
from rltransfer.transfer.risk_model import RiskModel

__all__ = ["MPTS"]

BATCH = 64
"""At most so many targets, drawn anew each round, are a round's batch."""


@dataclass(frozen=True)
class MPTS:
    """Picks the candidate with the highest optimistic risk.

    The model learns from round to round; it is built again from the matrix each time, so that
    the same matrix and seed give the same proposal.

    Attributes:
        seed: of the model, its draws, and the first pick.
        gamma_mean: γ_0.
        gamma_deviation: γ_1.
        draws: of z.
    """

    seed: int = 0
    gamma_mean: float = 1.0
    gamma_deviation: float = 5.0
    draws: int = 50

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        candidates = untrained(transfer)
        require_complete(transfer, "mpts")
        require_nothing_known(transfer, "mpts")
        if not transfer.trained:
            return RandomSelector(self.seed).propose(transfer)
        score = self._scores(transfer)
        index = first_best(score, candidates)
        return Proposal(
            index=index,
            context=transfer.sources[index],
            reason=f"highest optimistic risk, {score[index]:.3g} standard deviations",
            acquisition=score,
        )

    def _scores(self, transfer: TransferMatrix) -> NDArray[np.float64]:
        """Return the score of every candidate, (N,), after learning all rounds in their order."""
        rng = np.random.default_rng(self.seed)
        model = RiskModel(len(transfer.space), rng)
        targets = transfer.units_targets
        for best in np.maximum.accumulate(transfer.mean, axis=0):
            batch = rng.permutation(len(targets))[:BATCH]
            model.learn(targets[batch], -best[batch])
        return model.optimistic(
            transfer.units_sources, self.gamma_mean, self.gamma_deviation, self.draws
        )
