"""MuJoCo families as array programs."""

from __future__ import annotations

from rltransfer.envs.simulators.mujoco.batch.program import MujocoBatch

__all__ = ["MujocoBatch"]
