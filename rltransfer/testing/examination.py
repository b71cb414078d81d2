"""A family examined: every check of the contract that needs no test runner, and what it found."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from rltransfer.contexts import ContextFeature
from rltransfer.envs import ContextualEnv
from rltransfer.errors import RLTransferError
from rltransfer.testing.env_checks import CHECKS, Check, a_feature_moves_the_transition
from rltransfer.testing.probes import episodes_of_actions
from rltransfer.testing.traces import replay

__all__ = ["Finding", "examine"]

SEED = 7

EPISODES = 24
"""With other actions each, in which a feature may show itself; most do in the first."""


@dataclass(frozen=True)
class Finding:
    """What a check came to.

    Attributes:
        check: its name.
        passed: whether the family does what it must.
        found: what was seen, or what is wrong.
    """

    check: str
    passed: bool
    found: str


class Rehearsal:
    """Some episodes of actions, each recorded when it is first asked for."""

    def __init__(self, env: ContextualEnv, steps: int) -> None:
        self._more = episodes_of_actions(env, steps, SEED)
        self._known: list[list[Any]] = []

    def __getitem__(self, k: int) -> list[Any]:
        while len(self._known) <= k:
            self._known.append(next(self._more))
        return self._known[k]


def examine(env: ContextualEnv, steps: int) -> Iterator[Finding]:
    """Yield what each check finds; one that cannot be played is not examined further.

    Args:
        env: the family.
        steps: of an episode, at most.
    """
    episodes = Rehearsal(env, steps)
    played = finding("it can be played", lambda *_: how_fast(env, episodes[0]), env, [])
    yield played
    if not played.passed:
        return
    for name, check in CHECKS.items():
        yield finding(name, check, env, episodes[0])
    for feature in env.space:
        check = partial(moves_in_one, feature=feature, episodes=episodes)
        yield finding(f"{feature.name} moves the transition", check, env, [])


def finding(name: str, check: Check, env: ContextualEnv, actions: Sequence[Any]) -> Finding:
    """Return what one check comes to."""
    try:
        return Finding(name, True, check(env, actions, SEED))
    except (AssertionError, RLTransferError) as error:
        return Finding(name, False, str(error).partition("\n")[0])


def how_fast(env: ContextualEnv, actions: Sequence[Any]) -> str:
    """Say how long a step of one member takes."""
    with closing(env.make()) as member:
        start = time.perf_counter()
        steps = len(replay(member, actions, SEED)) - 1
        each = (time.perf_counter() - start) / max(steps, 1)
    return f"{steps} steps, {each * 1e6:,.0f} µs each"


def moves_in_one(
    env: ContextualEnv, _: Any, seed: int, *, feature: ContextFeature, episodes: Rehearsal
) -> str:
    """Look for a feature's work in one episode after another."""
    for k in range(EPISODES):
        try:
            found = a_feature_moves_the_transition(env, feature, episodes[k], seed)
        except AssertionError as error:
            reason = str(error)
        else:
            return found if k == 0 else f"{found} of an episode of random policy {k}"
    raise AssertionError(f"{reason}, in {EPISODES} episodes of random actions and random policies")
