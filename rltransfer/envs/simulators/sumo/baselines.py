"""Controllers that traffic engineers use, to compare learned policies with.

They are actors for `rltransfer.evaluate` on families with one light, and see what a policy sees:

    >>> import rltransfer
    >>> from rltransfer.envs.simulators.sumo.baselines import MaxPressure
    >>> family = rltransfer.make("traffic_signal")
    >>> controller = MaxPressure(family)

Notation
    n    rows
    o    numbers in an observation
    p    green phases
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.contextual import ContextualEnv
from rltransfer.envs.simulators.sumo import world_of
from rltransfer.envs.simulators.sumo.signal import Signal, read_signal
from rltransfer.envs.simulators.sumo.signal_world import SignalWorld
from rltransfer.envs.simulators.sumo.views import View
from rltransfer.errors import InvalidExperiment

__all__ = ["FixedTime", "MaxPressure"]


class MaxPressure:
    """Shows green to those who have the longest queues before them (Varaiya 2013).

    The pressure of a phase is the sum, over the approaches that it lets go, of what observations
    count at the light: occupied cells near the stop line, per group of lanes, in
    `traffic_signal`; shares of standing cars, per lane, in the families with sumo-rl's view.
    Exits count as empty, because no view sees them: so it is the longest-queue-first rule that max
    pressure becomes where exits never fill up. The first of equals wins.
    """

    observe: tuple[str, ...] = ()

    def __init__(self, env: ContextualEnv) -> None:
        view, signal = light_of(env)
        self._queues = view.queues(signal)  # (p, o)

    def act(self, observations: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the phases, shape (n,), for observations of shape (n, o)."""
        return np.asarray((observations @ self._queues.T).argmax(axis=1))


class FixedTime:
    """Shows all phases in turn, each for a fixed number of decisions.

    An actor is not told when an episode begins. So the cycle begins again whenever no car is on an
    approach of any row, as at the beginning of an episode.

    Args:
        env: the family.
        decisions: how many decisions long each phase is shown, p numbers. In sumo-rl's view a
            phase lasts at least two, because of its minimum green.
    """

    observe: tuple[str, ...] = ()

    def __init__(self, env: ContextualEnv, decisions: Sequence[int]) -> None:
        view, signal = light_of(env)
        phases = len(signal.greens)
        if len(decisions) != phases or min(decisions) < 0 or not any(decisions):
            raise InvalidExperiment(
                f"a fixed-time control of {env.spec.id} needs {phases} numbers of decisions, one "
                f"per green phase, not all 0; got {list(decisions)}."
            )
        self._cars = view.cars(signal)
        self._cycle = np.repeat(np.arange(phases), decisions)
        self._clock = 0

    def act(self, observations: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the phase of the moment for all rows, shape (n,)."""
        if not observations[:, self._cars].any():
            self._clock = 0
        phase = self._cycle[self._clock % len(self._cycle)]
        self._clock += 1
        return np.full(len(observations), phase)


def light_of(env: ContextualEnv) -> tuple[View, Signal]:
    """Return what a family sees of its light, and the light.

    Raises:
        InvalidExperiment: if the family has none.
    """
    world = world_of(env.spec)
    if not issubclass(world, SignalWorld):
        raise InvalidExperiment(f"{env.spec.id} has no traffic light to control.")
    return world.view, read_signal(env.spec.folder / str(env.spec.options["network"]))
