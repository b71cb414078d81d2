"""OpenGL for MuJoCo's pictures: chosen where nobody has chosen, explained where it is missing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TypeVar

from rltransfer.errors import MissingDependency

__all__ = ["choose_opengl", "explaining_failure"]

T = TypeVar("T")


def choose_opengl() -> None:
    """Let MuJoCo draw without a screen (EGL) on a Linux machine that has none.

    MuJoCo reads the variable MUJOCO_GL when it is imported; one that is set stays as it is.
    """
    screens = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform == "linux" and not any(os.environ.get(name) for name in screens):
        os.environ.setdefault("MUJOCO_GL", "egl")


def explaining_failure(draw: Callable[[], T]) -> T:
    """Draw; where OpenGL fails, say what to do about it.

    Raises:
        MissingDependency: naming MUJOCO_GL, what it may be, and what to install.
    """
    try:
        return draw()
    except Exception as error:  # each backend fails in a way of its own
        chosen = os.environ.get("MUJOCO_GL", "not set")
        words = f"{type(error).__name__}: {error}".rstrip(".")
        raise MissingDependency(
            f"MuJoCo could not draw a picture (MUJOCO_GL is {chosen}): {words}. Set MUJOCO_GL to "
            "'egl' (no screen; Debian's libegl1), 'osmesa' (no graphics card; libosmesa6) or "
            "'glfw' (a screen; libglfw3) before Python starts."
        ) from error
