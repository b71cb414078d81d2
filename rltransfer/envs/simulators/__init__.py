"""One adapter per simulator, found by name and imported only when a family needs it."""

from rltransfer.envs.simulators.base import (
    ContextBatch,
    Observations,
    Physics,
    Simulator,
    Transition,
)
from rltransfer.envs.simulators.loader import load_simulator

__all__ = ["ContextBatch", "Observations", "Physics", "Simulator", "Transition", "load_simulator"]
