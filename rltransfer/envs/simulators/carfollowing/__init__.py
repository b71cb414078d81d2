"""How vehicles follow each other, as array programs that traffic simulators share."""

from rltransfer.envs.simulators.carfollowing.idm import IDM, workspace
from rltransfer.envs.simulators.carfollowing.motion import MOTIONS, Motion

__all__ = ["IDM", "MOTIONS", "Motion", "workspace"]
