"""MuJoCo's Python bindings, or a sentence that says how to get them.

The other modules of this package take `mujoco` from here.
"""

from __future__ import annotations

from rltransfer.envs.simulators.mujoco.rendering import choose_opengl
from rltransfer.errors import MissingDependency

choose_opengl()  # MuJoCo looks at MUJOCO_GL when it is imported

try:
    import mujoco
except ModuleNotFoundError as error:
    raise MissingDependency(
        "the MuJoCo environments need the package 'mujoco', which is not installed. "
        "Install it with: pip install 'rltransfer[mujoco]'"
    ) from error
except (ImportError, RuntimeError) as error:  # parts of different versions; a wrong MUJOCO_GL
    raise MissingDependency(f"MuJoCo cannot be loaded: {error}") from error

__all__ = ["keep_no_log_file", "mujoco"]


def keep_no_log_file() -> None:
    """Stop MuJoCo from writing its warnings into a MUJOCO_LOG.TXT of the working folder.

    The setting holds for the whole process; warnings still go to the console.
    """
    if hasattr(mujoco, "MjLogConfig"):  # MuJoCo 4
        settings = mujoco.MjLogConfig.get()
        settings.logto_file = False
        settings.set()
