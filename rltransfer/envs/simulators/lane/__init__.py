"""A signalised single lane with human and automated vehicles, moved as SUMO 1.28 moves them.

From an empty road on, whole runs of 750 s stay within 1e-11 m of SUMO's where nobody is advised,
and within 1e-3 m where half of the vehicles are: at lights with red, yellow and green, in queues up
to the entrance, braking in emergency, caught by a red light (tests/envs/test_lane_sumo.py).

One agent drives one automated vehicle after another; an episode is one vehicle's trip. The same
policy may drive many vehicles that meet: rows of a batch that are in the same context share roads,
up to `slots` rows per road.

-   An automated vehicle that enters a road takes a free row; where none is free, it drives on its
    own. When it leaves the road, its row is `terminated`.
-   A row that was reset waits for the next vehicle: it sees zeros, earns 0, and its action is
    ignored, while other vehicles of the road drive on. Where rows wait and none drives, time passes
    at once until a vehicle comes.
-   A demand begins with an empty road. Its first `warm_up` steps pass before vehicles are given to
    rows, and at first a random part of what is left of its `duration`, too. After `duration` none
    are given any more, and as soon as no row drives the next demand begins.
-   With one slot, every episode begins on a new road, so that it is any trip of a demand. With
    more, roads live on until all rows of the batch are reset together. The seed of everything
    random on a road is the state of its first row in the reset that begins it.
-   A row that is given another context moves to a road of that context with a free slot, and only
    where there is none to a new road.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

from rltransfer.contexts import Context
from rltransfer.envs.simulators.base import ContextBatch, Simulator
from rltransfer.envs.simulators.fitting import require_all_features, require_base
from rltransfer.envs.simulators.lane.batch import LaneBatch
from rltransfer.envs.simulators.lane.env import LaneEnv
from rltransfer.envs.simulators.lane.options import LaneOptions

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["FEATURES", "LaneBatch", "LaneEnv", "SignalisedLane"]

BASE = "EcoDriving-v0"
FEATURES = ("green", "red", "inflow", "penetration", "speed_limit", "approach_length")
"""All of them are needed."""


class SignalisedLane(Simulator):
    """Builds the members of families whose `env.toml` says `simulator = "lane"`."""

    def build(
        self, spec: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> LaneEnv:
        """Return a road for one agent."""
        return LaneEnv(context, options_of(spec), render_mode)

    def apply(self, env: gym.Env[Any, Any], context: Context) -> None:
        """Give an environment another context."""
        lane = env.unwrapped
        assert isinstance(lane, LaneEnv)
        lane.set_context(context)

    def batch(self, spec: EnvironmentSpec, contexts: Sequence[Context]) -> ContextBatch:
        """Return one agent per context; neighbours in the same context share roads."""
        return LaneBatch(contexts, options_of(spec))

    @property
    def rows_at_once(self) -> int:
        """As many as keep the arrays of a step in a core's cache."""
        return 512

    def versions(self) -> dict[str, str]:
        """Return the versions of the libraries that decide the trajectories."""
        return {"numpy": np.__version__}


def options_of(spec: EnvironmentSpec) -> LaneOptions:
    """Check a family against this simulator; return its options.

    Raises:
        InvalidExperiment: naming what the `env.toml` asks for and what there is.
    """
    require_base(spec, [BASE])
    require_all_features(spec, FEATURES)
    return LaneOptions.of_table(spec.options, f"{spec.folder}: [options]")
