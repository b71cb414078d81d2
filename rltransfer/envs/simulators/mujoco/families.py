"""What the features of each of Gymnasium's MuJoCo environments mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gymnasium.envs.mujoco.ant_v5 import AntEnv
from gymnasium.envs.mujoco.half_cheetah_v5 import HalfCheetahEnv
from gymnasium.envs.mujoco.hopper_v5 import HopperEnv
from gymnasium.envs.mujoco.humanoid_v5 import HumanoidEnv
from gymnasium.envs.mujoco.inverted_double_pendulum_v5 import InvertedDoublePendulumEnv
from gymnasium.envs.mujoco.inverted_pendulum_v5 import InvertedPendulumEnv
from gymnasium.envs.mujoco.pusher_v5 import PusherEnv
from gymnasium.envs.mujoco.reacher_v5 import ReacherEnv
from gymnasium.envs.mujoco.swimmer_v5 import SwimmerEnv
from gymnasium.envs.mujoco.walker2d_v5 import Walker2dEnv

from rltransfer.envs.simulators.fitting import require_base, require_known_features
from rltransfer.envs.simulators.mujoco.edits import (
    ARMATURE,
    DAMPING,
    FRICTION,
    GEAR,
    MASS,
    STIFFNESS,
    Edit,
    SlidingFriction,
)
from rltransfer.envs.simulators.mujoco.limbs import LimbLength
from rltransfer.envs.simulators.mujoco.options import Gravity, Option, Wind
from rltransfer.envs.simulators.mujoco.parts import BodyMass, JointDamping

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["FAMILIES", "Family", "family_of"]


@dataclass(frozen=True)
class Family:
    """One of Gymnasium's environments and what can vary in it.

    Attributes:
        environment: Gymnasium's class.
        edits: by name of a feature, what it means for the model.
    """

    environment: type[Any]
    edits: Mapping[str, Edit]


MOTION: dict[str, Edit] = {
    "mass_scale": MASS,
    "damping_scale": DAMPING,
    "armature_scale": ARMATURE,
    "gear_scale": GEAR,
    "timestep": Option("timestep"),
}
"""What varies in every family."""

WALKING: dict[str, Edit] = {
    **MOTION,
    "gravity": Gravity(),
    "friction_scale": FRICTION,
    "wind": Wind(),
    "mass_torso": BodyMass(("torso",)),
}
"""What varies where something walks on the ground."""

FAMILIES: dict[str, Family] = {
    "Ant-v5": Family(
        AntEnv,
        {
            **WALKING,
            "length_thigh": LimbLength(("hip_1", "hip_2", "hip_3", "hip_4")),
            "length_shin": LimbLength(("ankle_1", "ankle_2", "ankle_3", "ankle_4")),
        },
    ),
    "HalfCheetah-v5": Family(
        HalfCheetahEnv,
        {
            **WALKING,
            "friction": SlidingFriction(),
            "stiffness_scale": STIFFNESS,
            "length_bthigh": LimbLength(("bthigh",)),
            "length_fthigh": LimbLength(("fthigh",)),
        },
    ),
    "Hopper-v5": Family(
        HopperEnv,
        {
            **WALKING,
            "length_thigh": LimbLength(("thigh_joint",)),
            "length_leg": LimbLength(("leg_joint",)),
        },
    ),
    "Humanoid-v5": Family(
        HumanoidEnv,
        {
            **WALKING,
            "stiffness_scale": STIFFNESS,
            "length_thigh": LimbLength(("right_hip_x", "left_hip_x")),
            "length_shin": LimbLength(("right_knee", "left_knee")),
        },
    ),
    "InvertedDoublePendulum-v5": Family(
        InvertedDoublePendulumEnv,
        {
            **MOTION,
            "gravity": Gravity(),
            "mass_cart": BodyMass(("cart",)),
            "mass_pole": BodyMass(("pole", "pole2")),
        },
    ),
    "InvertedPendulum-v5": Family(
        InvertedPendulumEnv,
        {
            **MOTION,
            "gravity": Gravity(),
            "mass_cart": BodyMass(("cart",)),
            "mass_pole": BodyMass(("pole",)),
            "length_pole": LimbLength(("hinge",)),
        },
    ),
    "Pusher-v5": Family(
        PusherEnv,
        {
            **MOTION,
            "mass_object": BodyMass(("object",)),
            "damping_object": JointDamping(("obj_slidey", "obj_slidex")),
        },
    ),
    "Reacher-v5": Family(
        ReacherEnv,
        {
            **MOTION,
            "length_link0": LimbLength(("joint0",)),
            "length_link1": LimbLength(("joint1",)),
        },
    ),
    "Swimmer-v5": Family(
        SwimmerEnv,
        {
            **MOTION,
            "density": Option("density"),
            "viscosity": Option("viscosity"),
            "wind": Wind(),
            "length_link": LimbLength(("motor1_rot", "motor2_rot", "free_body_rot")),
        },
    ),
    "Walker2d-v5": Family(
        Walker2dEnv,
        {
            **WALKING,
            "length_thigh": LimbLength(("thigh_joint", "thigh_left_joint")),
            "length_leg": LimbLength(("leg_joint", "leg_left_joint")),
        },
    ),
}
"""By `base` of an `env.toml`."""


def family_of(spec: EnvironmentSpec) -> Family:
    """Find the family that an `env.toml` is based on, and check that it has its features.

    Raises:
        InvalidExperiment: naming what the `env.toml` asks for and what there is.
    """
    require_base(spec, FAMILIES)
    family = FAMILIES[spec.base]
    require_known_features(spec, family.edits)
    return family
