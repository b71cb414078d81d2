"""Which MJCF a family is made of."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium.envs.mujoco as gymnasium_mujoco

from rltransfer.envs.simulators.mujoco.mjcf import require_plain_mjcf
from rltransfer.envs.simulators.xml_file import beside
from rltransfer.errors import InvalidExperiment, did_you_mean

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["gymnasiums_file", "mjcf_of"]

OPTIONS = ("xml_file",)


def mjcf_of(spec: EnvironmentSpec, environment: type[Any]) -> Path:
    """Return the path of the option `xml_file`, or of the file that Gymnasium's class takes.

    Raises:
        InvalidExperiment: if the family has an option that MuJoCo's adapter does not know, or no
            file is there.
    """
    if unknown := [name for name in spec.options if name not in OPTIONS]:
        raise InvalidExperiment(
            f"{spec.folder}: the simulator 'mujoco' has no option {unknown[0]!r}"
            f"{did_you_mean(unknown[0], OPTIONS)} Known: {', '.join(OPTIONS)}."
        )
    if "xml_file" not in spec.options:
        return gymnasiums_file(environment)
    return own_file(spec.folder, spec.options["xml_file"])


def gymnasiums_file(environment: type[Any]) -> Path:
    """Return the path of the MJCF that a class of Gymnasium's takes."""
    parameters = inspect.signature(environment.__init__).parameters
    assets = Path(gymnasium_mujoco.__file__).parent / "assets"
    return assets / str(parameters["xml_file"].default)


def own_file(folder: Path, name: object) -> Path:
    """Return the path of an MJCF beside a family's `env.toml`."""
    if not isinstance(name, str):
        raise InvalidExperiment(
            f"{folder}: the option 'xml_file' must be the name of a file; got {name!r}."
        )
    path = beside(folder, name, "xml_file")
    require_plain_mjcf(path)
    return path
