"""Gymnasium's MuJoCo environments, each with a model of its own that a context can change."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from gymnasium.envs.mujoco import MujocoEnv

from rltransfer.contexts import Context
from rltransfer.envs.simulators.mujoco.bindings import mujoco
from rltransfer.envs.simulators.mujoco.families import FAMILIES
from rltransfer.envs.simulators.mujoco.model import contextual_model, plan_of
from rltransfer.envs.simulators.mujoco.rendering import explaining_failure
from rltransfer.envs.simulators.mujoco.task_constants import TaskConstants
from rltransfer.envs.simulators.mujoco.transplant import transplant

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["ContextualMujoco", "build"]


class ContextualMujoco(MujocoEnv):
    """Mixed into one of Gymnasium's environments, gives it a context.

    A new context is written into the model that the environment has, so that its renderer, and
    whoever else holds the model, sees it.

    Args:
        family: the description of the family.
        context: complete.
        render_mode: as in Gymnasium.
    """

    def __init__(
        self, family: EnvironmentSpec, context: Context, render_mode: str | None = None
    ) -> None:
        self._family, self._context = family, context
        path = plan_of(family).blueprint.path
        options = {"xml_file": str(path.absolute()), "render_mode": render_mode}
        super().__init__(**options)  # type: ignore[arg-type]  # the next in line
        self._follow_model()

    def _initialize_simulation(self) -> tuple[mujoco.MjModel, mujoco.MjData]:
        model = contextual_model(self._family, self._context)
        frame = model.vis.global_
        frame.offwidth = max(frame.offwidth, self.width)
        frame.offheight = max(frame.offheight, self.height)
        return model, mujoco.MjData(model)

    def set_context(self, context: Context) -> None:
        """Take another complete context; the next reset begins the new physics."""
        transplant(plan_of(self._family).model(context, scratch=self.data), self.model)
        mujoco.mj_resetData(self.model, self.data)
        self._context = context
        self._follow_model()

    def _follow_model(self) -> None:
        """Renew what Gymnasium derives from the model in its constructor, and the constants."""
        self.init_qpos[:] = self.model.qpos0
        self.metadata["render_fps"] = round(1.0 / self.dt)
        plan = plan_of(self._family)
        usual = TaskConstants.of(plan.family.environment)
        for name, value in asdict(usual.at(self.model, plan.blueprint.model)).items():
            if value is not None:
                setattr(self, f"_{name}", value)

    def render(self) -> Any:
        """Render a frame.

        Raises:
            MissingDependency: if OpenGL cannot be used here.
        """
        if self.render_mode is None:
            return None  # as Gymnasium, whose wrappers say how to ask for frames
        return explaining_failure(super().render)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the description, as Gymnasium does: the copy is a new environment."""
        return build, (self._family, self._context, self.render_mode)


def build(
    family: EnvironmentSpec, context: Context, render_mode: str | None = None
) -> ContextualMujoco:
    """Return a new environment with this complete context."""
    plan_of(family)  # says what is wrong with the family, before a class is made for it
    return contextual(family.base)(family, context, render_mode)


@cache
def contextual(base: str) -> type[ContextualMujoco]:
    """Return one of Gymnasium's classes with a context, by its Gymnasium id."""
    environment = FAMILIES[base].environment
    name = f"Contextual{environment.__name__.removesuffix('Env')}"
    return type(name, (ContextualMujoco, environment), {"__doc__": ContextualMujoco.__doc__})
