"""One policy on all contexts of a study: what it returns there and at home.

Notation
    M, E    contexts, episodes
    H       contexts that the policy was trained in, its home; 0 where that is not known
    J       returns, shape (M, E); at home, shape (H, E)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.envs import ContextualEnv
from rltransfer.evaluation import Actor, evaluate

__all__ = ["PolicyRow", "measured_row"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PolicyRow:
    """A row of the transfer matrix, with the policy's own contexts.

    Attributes:
        name: of the policy.
        home: the complete contexts that it was trained in.
        returns: J on the study's contexts, shape (M, E).
        own: J at home, shape (H, E).
    """

    name: str
    home: tuple[Context, ...]
    returns: Array
    own: Array

    @property
    def mean(self) -> Array:
        """The mean return in each context, shape (M,)."""
        return np.asarray(self.returns.mean(axis=1))

    @property
    def at_home(self) -> Array:
        """The set point: returns at home, each episode a mean over the home, shape (E,) or NaN."""
        if not self.home:
            return np.full(self.returns.shape[1], np.nan)
        return np.asarray(self.own.mean(axis=0))

    @property
    def gaps(self) -> Array:
        """ΔJ of each context, set point less return, episode by episode, (M, E); NaN or number."""
        return np.asarray(self.at_home - self.returns)

    def places(self, space: ContextSpace, targets: Sequence[Context]) -> Array:
        """Return the home context nearest to each target on the unit cube, shape (M, d).

        NaN where there is no home, or where home and targets differ in a feature that is not of
        the space: then there is no distance in it.

        Args:
            space: the features that vary.
            targets: M complete contexts.
        """
        if not self.home or not comparable(self.home, targets, space):
            return np.full((len(targets), len(space)), np.nan)
        U, Y = space.to_unit(self.home), space.to_unit(targets)
        nearest = np.abs(U[:, None] - Y).sum(axis=-1).argmin(axis=0)
        return np.asarray(U[nearest])


def comparable(home: Sequence[Context], targets: Sequence[Context], space: ContextSpace) -> bool:
    """Say whether all contexts agree in every feature that does not vary."""
    fixed = {tuple(x[name] for name in x if name not in space.names) for x in (*home, *targets)}
    return len(fixed) == 1


def measured_row(
    name: str,
    actor: Actor,
    home: Sequence[Context],
    env: ContextualEnv,
    targets: Sequence[Context],
    episodes: int,
    seed: int,
) -> PolicyRow:
    """Measure a policy on all targets, and at home.

    The episodes of a context start alike for every policy; a home that is a target is played once.

    Raises:
        InvalidPolicy, InvalidContext, SourceFailed: see `evaluate`.
    """
    places = tuple(dict.fromkeys([*targets, *home]))
    found = dict(zip(places, evaluate(actor, env, places, episodes, seed).returns, strict=True))
    own = np.array([found[x] for x in home]).reshape(len(home), episodes)
    return PolicyRow(name, tuple(home), np.array([found[y] for y in targets]), own)
