"""n ring roads with one guided vehicle each, a context per ring.

One step of a member is one decision: the guided vehicle is told something, the advice is held for
the context's hold time, and all that happens in between is one array program.

Notation
    n      rings
    F      duration of the guidance, s
    v̄      mean speed of all vehicles of a ring, m/s
    reward ∫ v̄ dt / F over the hold time, so that the undiscounted return of an episode is the mean
           speed of the fleet under guidance, whatever the hold time

The ring, its drivers, the observation and the two kinds of advice are those of Cho et al. 2024
(MBTL), advisory autonomy. Their reward is the guided vehicle's own speed, standardised while
training; what they report is the fleet's mean speed, which is the return here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.base import ContextBatch, Transition
from rltransfer.envs.simulators.ring.advice import ADVICE, Advice
from rltransfer.envs.simulators.ring.observation import UNSEEN, observation_space, observe
from rltransfer.envs.simulators.ring.options import RingOptions
from rltransfer.envs.simulators.ring.rings import Rings

__all__ = ["FEATURES", "RingBatch"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]
Steps = NDArray[np.int64]

FEATURES = {"hold": 1.0, "ring_length": 250.0, "vehicles": 22.0, "speed_deviation": 0.1}
"""What a context may hold, and its value where a family does not vary it."""

SPEED_LIMIT = 13.89  # m/s, of a lane to which netconvert is told nothing else
FASTEST = 30.0  # m/s, what a vehicle can drive
SLOWEST_FACTOR, FASTEST_FACTOR = 0.2, 2.0  # where SUMO clips a driver's speed factor
COLLISION = -0.1  # m/s, beside the speed that is lost until the episode would have ended


class RingBatch(ContextBatch):
    """n rings, told what to do together.

    Args:
        contexts: complete contexts, one per ring.
        options: settings of the family.
        most_vehicles: of any context of the family; so many drivers are drawn for every episode.
    """

    def __init__(
        self, contexts: Sequence[Mapping[str, float]], options: RingOptions, most_vehicles: int
    ) -> None:
        n = len(contexts)
        self._options, self._drivers = options, most_vehicles
        self._advice = ADVICE[options.guidance]
        self.observation_space = observation_space()
        self.action_space = self._advice.action_space()
        self._unseen = UNSEEN[options.obs_at]
        self.rings = Rings(n, most_vehicles, options.dt, options.motion)
        self._features = {name: np.full(n, value) for name, value in FEATURES.items()}
        self._hold = np.ones(n, dtype=np.int64)  # steps
        self._left = np.zeros(n, dtype=np.int64)  # steps until the episode's time is over
        self._crashed = np.zeros(n, dtype=np.bool_)
        self.assign(np.arange(n), contexts)

    def __len__(self) -> int:
        return len(self._hold)

    def assign(self, rows: Rows, contexts: Sequence[Mapping[str, float]]) -> None:
        """Give some rings new contexts."""
        for name in contexts[0] if len(contexts) else ():
            self._features[name][rows] = [context[name] for context in contexts]
        steps = np.rint(self._features["hold"][rows] / self._options.dt)
        self._hold[rows] = np.maximum(steps, 1.0)

    def initial_states(self, rng: np.random.Generator, episodes: int) -> Floats:
        """Draw the drivers, shape (episodes, most_vehicles): how fast each likes to drive.

        These are standard normal numbers, so that a context decides how far drivers differ.
        """
        return rng.standard_normal((episodes, self._drivers))

    def reset(self, rows: Rows, states: Floats) -> NDArray[np.float32]:
        """Line up the drivers `states` in `rows`, let them drive unguided, and look."""
        factors = 1.0 + self._features["speed_deviation"][rows, np.newaxis] * states
        factors = np.clip(factors, SLOWEST_FACTOR, FASTEST_FACTOR)
        self.rings.line_up(
            rows,
            self._features["ring_length"][rows],
            np.rint(self._features["vehicles"][rows]).astype(np.intp),
            np.minimum(SPEED_LIMIT * factors, FASTEST),
        )
        warm_up = np.zeros(len(self), dtype=np.int64)
        warm_up[rows] = self._options.steps(self._options.warm_up)
        self.rings.drive(warm_up)
        self._left[rows] = self._options.steps(self._options.guided)
        self._crashed[rows] = False
        return observe(self.rings)[rows]

    def step(self, actions: NDArray[Any]) -> Transition:
        """Hold an advice in every ring; a ring whose episode has ended stays as it is."""
        moving = ~self._crashed & (self._left > 0)
        steps = np.where(moving, np.minimum(self._hold, self._left), 0)
        begin = self.rings.mean_position()
        crashes, observations = self._drive(steps, self._advice.of_actions(np.asarray(actions)))
        self._crashed |= crashes
        self._left -= steps
        rewards = (self.rings.mean_position() - begin) / self._options.guided
        rewards[crashes] += COLLISION
        return Transition(observations, rewards, self._crashed.copy(), self._left == 0)

    def keep(self, rows: Rows) -> None:
        """Drop all rings but `rows`."""
        self.rings.keep(rows)
        self._features = {name: values[rows] for name, values in self._features.items()}
        self._hold, self._left = self._hold[rows], self._left[rows]
        self._crashed = self._crashed[rows]

    def _drive(self, steps: Steps, advice: Advice) -> tuple[Mask, NDArray[np.float32]]:
        """Drive; return who crashed and what the next decisions rest on."""
        unseen = self._unseen(steps)
        crashes = self.rings.drive(steps - unseen, advice)
        observations = observe(self.rings)
        if unseen.any():
            crashes |= self.rings.drive(np.where(crashes, 0, unseen), advice)
        return crashes, observations
