"""Numbers of a task that follow the body: when a walker counts as fallen."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.envs.simulators.mujoco.model import plan_of
from rltransfer.envs.simulators.mujoco.stance import roots

if TYPE_CHECKING:
    from rltransfer.contexts import Context
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["TaskConstants", "task_constants"]

Range = tuple[float, float]


@dataclass(frozen=True)
class TaskConstants:
    """What Gymnasium's environments take as arguments of this name; None where one takes none.

    Attributes:
        healthy_z_range: heights of the root, m, between which an episode goes on.
        healthy_angle_range: angles of the root, rad, between which an episode goes on.
    """

    healthy_z_range: Range | None = None
    healthy_angle_range: Range | None = None

    @classmethod
    def of(cls, environment: type[Any]) -> Self:
        """Return the defaults of one of Gymnasium's environments."""
        parameters = inspect.signature(environment.__init__).parameters
        known = [field.name for field in fields(cls) if field.name in parameters]
        return cls(**{name: parameters[name].default for name in known})

    def at(self, model: mujoco.MjModel, usual: mujoco.MjModel) -> Self:
        """Return the constants of a model that stands higher or lower than the usual one.

        The heights are multiplied by the ratio of the roots' heights, so that a walker falls when
        it has sunk to the same part of its height.
        """
        if self.healthy_z_range is None:
            return self
        root = roots(usual)[0]
        ratio = float(model.body_pos[root, 2] / usual.body_pos[root, 2])
        low, high = self.healthy_z_range
        return replace(self, healthy_z_range=(ratio * low, ratio * high))


def task_constants(spec: EnvironmentSpec, context: Context) -> TaskConstants:
    """Return the constants of a family's member with this complete context."""
    plan = plan_of(spec)
    usual = TaskConstants.of(plan.family.environment)
    return usual.at(plan.model(context), plan.blueprint.model) if plan.reshapes(context) else usual
