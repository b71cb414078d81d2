"""One traffic light that an agent controls, put together from its parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rltransfer.envs.simulators.sumo.drawing import Window, draw
from rltransfer.envs.simulators.sumo.plans import Plan
from rltransfer.envs.simulators.sumo.rewards import Reward
from rltransfer.envs.simulators.sumo.signal import Signal, read_signal
from rltransfer.envs.simulators.sumo.simulation import Simulation
from rltransfer.envs.simulators.sumo.views import View
from rltransfer.envs.simulators.sumo.world import Outcome, Spaces, World, WorldOptions
from rltransfer.envs.simulators.xml_file import beside

__all__ = ["SignalOptions", "SignalWorld"]


RADIUS_SEEN = 100.0  # m


class SignalOptions(WorldOptions):
    """What all worlds with one light have in common.

    Attributes:
        network: the network file, in the family's folder or with a path from there.
        duration: seconds of an episode.
        yellow_time: seconds of yellow between two greens.
        waiting_time_memory: seconds that a car's waiting time counts.
    """

    network: str
    duration: int = Field(default=5400, gt=0)
    waiting_time_memory: int = Field(default=5400, gt=0)
    yellow_time: int = Field(gt=0)


class SignalWorld(World):
    """Chooses the next green phase of one light, again and again.

    A subclass says which plan carries out the choices, what is seen, what is paid, and how an
    episode begins.
    """

    Options: ClassVar[type[SignalOptions]] = SignalOptions
    view: ClassVar[View]

    options: SignalOptions

    def __init__(self, options: Mapping[str, Any], folder: Path) -> None:
        super().__init__(options, folder)
        self.network = self.folder / self.options.network
        self.signal = read_signal(self.network)
        self.plan, self.reward = self.make_plan(), self.make_reward()
        self.simulation = Simulation()

    @classmethod
    def spaces(cls, options: Mapping[str, Any], folder: Path) -> Spaces:
        """Return the view's space, and a choice among the green phases."""
        network = cls.Options.model_validate(dict(options)).network
        signal = read_signal(beside(folder, network, "network"))
        return Spaces(cls.view.space(signal), gym.spaces.Discrete(len(signal.greens)))

    @property
    def arguments(self) -> list[str]:
        """What SUMO is told besides its files: no car disappears because it is stuck."""
        memory = str(self.options.waiting_time_memory)
        return ["--time-to-teleport", "-1", "--waiting-time-memory", memory]

    @abstractmethod
    def make_plan(self) -> Plan:
        """Return what carries out the choices."""

    @abstractmethod
    def make_reward(self) -> Reward:
        """Return what pays for them."""

    @abstractmethod
    def open(self, context: Mapping[str, float], seed: int) -> Signal:
        """Begin an episode in SUMO; return the light of its network."""

    def reset(self, context: Mapping[str, float], seed: int) -> NDArray[np.float32]:
        """Begin the episode that context and seed decide."""
        self.signal = self.open(context, seed)
        self.lanes = [lane.id for lane in self.signal.lanes]
        self.time = 0
        self.plan.begin()
        self.reward.begin()
        return self._seen()

    def step(self, action: Any) -> Outcome:
        """Carry out a choice until the next one, or until the episode's time is over."""
        sumo = self.simulation.sumo
        for phase, seconds in self.plan.carry_out(int(action), self.signal.greens):
            self.time = min(self.time + seconds, self.options.duration)
            sumo.trafficlight.setRedYellowGreenState(self.signal.id, phase)
            sumo.simulationStep(float(self.time))
        reward = self.reward.after(sumo, self.lanes)
        return Outcome(self._seen(), reward, False, self.time >= self.options.duration)

    def info(self) -> dict[str, float]:
        """Return the time (s), and how many cars stand on the approaches."""
        halting = self.simulation.sumo.lane.getLastStepHaltingNumber
        return {"time": float(self.time), "queue": float(sum(map(halting, self.lanes)))}

    def frame(self) -> NDArray[np.uint8]:
        """Draw the surroundings of the light."""
        sumo = self.simulation.sumo
        ends = [sumo.lane.getShape(lane)[-1] for lane in self.lanes]
        x, y = np.mean(ends, axis=0).tolist()
        return draw(sumo, Window(x, y, RADIUS_SEEN))

    def _seen(self) -> NDArray[np.float32]:
        return self.view.observe(self.simulation.sumo, self.signal, self.plan)
