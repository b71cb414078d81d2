"""Model predictive task sampling: the contexts in which the learner is expected to do worst.

Notation
    x, ℓ      context on the unit cube; its risk, minus the return of an episode
    B         contexts of a batch
    m · B     candidates for a batch, drawn at random
    a(x)      optimistic risk of a context (see `RiskModel`), γ_0 = 1, γ_1 = 5
    r         correlation of foretold and observed risks of the last 100 episodes

    for every batch of B finished episodes
        update the risk model on their (x, ℓ), its last posterior being the prior
    for every batch of B episodes to come
        draw m · B candidates; take the B / 2 with the highest a(x), fill up at random

Source: Wang et al., "Model predictive task sampling" (arXiv 2501.11039), as its code samples tasks
for domain randomisation: B = 10, β = 1, uniform draws in the first tenth of the training, m = 2.5
to 25 by environment, here 5.

What differs, because a family's contexts are a finite list and the episodes of several rows end
one by one: a batch holds no context twice, and at most half of the list; the next one is drawn
when the last one is used up, with what the model has learnt by then. And the model is followed
only while r > 0.2, twice the standard error of a correlation of 100 unrelated pairs: a(x) is a
ranking, which would prefer some contexts where all are equally hard. (The paper reports r, and
always follows.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.training.context_sampler import FinishedEpisode
from rltransfer.transfer.risk_model import RiskModel, standardised

__all__ = ["MPTSContexts", "MPTSSettings"]

Array = NDArray[np.float64]

REMEMBERED = 100
"""Episodes by which the risk model is judged."""

DRAWS = 50
"""Of z, behind what is foretold."""


@dataclass(frozen=True)
class MPTSSettings:
    """The numbers of the method.

    Attributes:
        batch: B, at most.
        candidates: m, candidates for each place of a batch.
        gamma_mean, gamma_deviation: γ_0 and γ_1.
        beta: weight of the divergence in the risk model's loss.
        least_skill: r, at which draws begin to follow the model; -1 to follow it always.
    """

    batch: int = 10
    candidates: float = 5.0
    gamma_mean: float = 1.0
    gamma_deviation: float = 5.0
    beta: float = 1.0
    least_skill: float = 0.2


class MPTSContexts:
    """Draws risky contexts more often than others.

    Args:
        contexts: at least one, no two alike.
        units: the same on the unit cube, shape (n, d).
        warm_up: environment steps of finished episodes before which all draws are uniform.
        rng: of the draws and of the risk model.
        settings: the numbers of the method.
    """

    def __init__(
        self,
        contexts: Sequence[Context],
        units: Array,
        warm_up: float,
        rng: np.random.Generator,
        settings: MPTSSettings | None = None,
    ) -> None:
        self._contexts, self._units = tuple(contexts), units
        self._places = {context: i for i, context in enumerate(self._contexts)}
        self._warm_up, self._rng = warm_up, rng
        self._settings = settings if settings is not None else MPTSSettings()
        self._batch = min(self._settings.batch, max(2, len(self._contexts) // 2))
        self._model = RiskModel(units.shape[1], rng, self._settings.beta)
        self._heard: list[tuple[int, float]] = []
        self._foretold: deque[tuple[float, float]] = deque(maxlen=REMEMBERED)
        self._waiting: list[int] = []
        self._steps = 0

    def draw(self) -> Context:
        """Return the next context."""
        if not self._waiting:
            self._waiting = self._next_batch().tolist()
        return self._contexts[self._waiting.pop()]

    def hear(self, episode: FinishedEpisode) -> None:
        """Learn of an episode; the risk model learns of a whole batch at once."""
        self._steps += episode.steps
        self._heard.append((self._places[episode.context], -episode.score))
        if len(self._heard) == self._batch:
            places, risks = zip(*self._heard, strict=True)
            self._learn(self._units[list(places)], standardised(np.array(risks)))
            self._heard = []

    def _learn(self, x: Array, risks: Array) -> None:
        foretold = self._model.sample(x, DRAWS).mean(axis=0)
        self._foretold.extend(zip(foretold.tolist(), risks.tolist(), strict=True))
        self._model.learn(x, risks)

    @property
    def skill(self) -> float:
        """The correlation r; 0 where one of the two does not vary."""
        foretold, risks = np.array(self._foretold).reshape(-1, 2).T
        spread = float(np.std(foretold) * np.std(risks)) if len(risks) else 0.0
        return float(np.cov(foretold, risks, ddof=0)[0, 1]) / spread if spread > 0.0 else 0.0

    @property
    def _follows(self) -> bool:
        return self._steps >= self._warm_up and self.skill > self._settings.least_skill

    def _next_batch(self) -> NDArray[np.intp]:
        """Return the places of the next contexts, in random order."""
        order, B = self._rng.permutation(len(self._contexts)), self._batch
        if not self._follows:
            return order[:B]
        candidates = order[: max(B, round(self._settings.candidates * B))]
        riskiest = self._by_risk(candidates)[: B // 2]
        others = candidates[~np.isin(candidates, riskiest)]  # still in random order
        batch = np.concatenate([riskiest, others])[:B]
        return self._rng.permutation(batch)

    def _by_risk(self, candidates: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return candidates, the riskiest first."""
        gammas = self._settings.gamma_mean, self._settings.gamma_deviation
        risk = self._model.optimistic(self._units[candidates], *gammas)
        return candidates[np.argsort(-risk, kind="stable")]
