"""A traffic light on a network of your own, with demand of your own, seen as in sumo-rl."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from rltransfer.envs.simulators.sumo.elements import ROUTES
from rltransfer.envs.simulators.sumo.signal import Signal
from rltransfer.envs.simulators.sumo.simulation import SumoError
from rltransfer.envs.simulators.sumo.traffic_signal_sumo_rl import SumoRLOptions, SumoRLSignal
from rltransfer.envs.simulators.sumo.world import Spaces
from rltransfer.envs.simulators.xml_file import beside, require_elements
from rltransfer.errors import InvalidExperiment

__all__ = ["OwnNetwork", "OwnNetworkOptions"]


class OwnNetworkOptions(SumoRLOptions):
    """Options of `SignalNetwork-v0`.

    Attributes:
        routes: the route file, in the family's folder or with a path from there.
    """

    routes: str


class OwnNetwork(SumoRLSignal):
    """The network needs one light with at least two green phases; the rest is yours.

    Contexts: `demand`, how many of the route file's vehicles drive (1: all of them; 2: each of
    them twice); `speed`, a factor on all speed limits. SUMO refuses a vehicle whose `departSpeed`
    is a number above the limit: write departSpeed="max" where limits are lowered.
    """

    FEATURES: ClassVar[tuple[str, ...]] = ("demand", "speed")
    Options: ClassVar[type[OwnNetworkOptions]] = OwnNetworkOptions

    options: OwnNetworkOptions

    @classmethod
    def spaces(cls, options: Mapping[str, Any], folder: Path) -> Spaces:
        """Return the view's space, and a choice among the green phases of the light's program.

        Raises:
            InvalidExperiment: if the network cannot be read, or the route file is missing or
                holds more than demand.
        """
        name = cls.Options.model_validate(dict(options)).routes
        require_elements(beside(folder, name, "routes"), ROUTES)
        return super().spaces(options, folder)

    def open(self, context: Mapping[str, float], seed: int) -> Signal:
        """Begin an episode on the files."""
        routes = self.folder / self.options.routes
        files = ["--net-file", str(self.network), "--route-files", str(routes)]
        try:
            self.simulation.begin(
                [*files, *self.arguments, "--scale", f"{context['demand']:.10g}"], seed
            )
        except SumoError as error:
            raise InvalidExperiment(
                f"SUMO cannot run {self.network} with {routes}: {error}"
            ) from None
        self._scale_limits(context["speed"])
        return self.signal

    def _scale_limits(self, factor: float) -> None:
        lanes = self.simulation.sumo.lane
        for lane in lanes.getIDList() if factor != 1.0 else ():
            lanes.setMaxSpeed(lane, factor * lanes.getMaxSpeed(lane))
