"""The catalogue: every `env.toml` there is, ours and that of installed packages.

The only door to `envs/`. Ours lie beside the checkout, or inside the installed wheel as
`rltransfer/assets`. Another package adds families through the entry-point group
`rltransfer.envs`, whose value names a package that holds `<id>/env.toml` folders; listing them
runs none of that package's code.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from rltransfer.envs.contextual import ContextualEnv
from rltransfer.envs.spec import EnvironmentSpec
from rltransfer.errors import InvalidExperiment, UnknownEnvironment, did_you_mean

__all__ = ["ENTRY_POINT_GROUP", "Catalog", "load_catalog", "make"]

ENTRY_POINT_GROUP = "rltransfer.envs"
DISABLE_PLUGINS = "RLTRANSFER_DISABLE_PLUGINS"


@dataclass(frozen=True, slots=True)
class Catalog:
    """The known families by name, and the entries that could not be read with the reason."""

    specs: dict[str, EnvironmentSpec]
    broken: dict[str, str]

    def __iter__(self) -> Iterator[EnvironmentSpec]:
        return iter(self.specs.values())

    def __contains__(self, name: str) -> bool:
        return plain_name(name) in self._by_plain_name()

    def __getitem__(self, name: str) -> EnvironmentSpec:
        """Return the family of this name; case, `-` and `_` do not matter."""
        if found := self._by_plain_name().get(plain_name(name)):
            return found
        if name in self.broken:
            raise InvalidExperiment(self.broken[name])
        raise UnknownEnvironment(
            f"unknown environment {name!r}{did_you_mean(name, self.specs)} "
            f"`rltransfer envs` lists the {len(self.specs)} that are known."
        )

    def _by_plain_name(self) -> dict[str, EnvironmentSpec]:
        return {plain_name(key): spec for key, spec in self.specs.items()}


def plain_name(name: str) -> str:
    """Return a name as it is looked up: `HalfCheetah` and `half-cheetah` are `halfcheetah`."""
    return name.lower().replace("-", "").replace("_", "")


def make(name: str) -> ContextualEnv:
    """Return the contextual environment of this name.

    Raises:
        UnknownEnvironment: if the catalogue has no such entry; names the closest one.
        InvalidExperiment: if the entry's `env.toml` is wrong.
    """
    return ContextualEnv(load_catalog()[name])


@cache
def load_catalog() -> Catalog:
    """Read all entries, once per process; one broken entry does not hide the others."""
    specs: dict[str, EnvironmentSpec] = {}
    broken: dict[str, str] = {}
    taken: dict[str, str] = {}
    for folder, provider in entry_folders(broken):
        try:
            spec = EnvironmentSpec.read(folder, provider)
        except InvalidExperiment as error:
            broken[folder.name] = str(error)
            continue
        if spec.id in specs:
            broken[f"{provider}/{spec.id}"] = (
                f"{folder}: the name {spec.id!r} is taken by {specs[spec.id].folder}."
            )
        elif spec.gym_id in taken:
            broken[spec.id] = (
                f"{folder}: the Gymnasium id {spec.gym_id!r} is taken by {taken[spec.gym_id]!r}; "
                'give the family one of its own with gym_id = "Name-v0".'
            )
        else:
            specs[spec.id] = spec
            taken[spec.gym_id] = spec.id
    return Catalog(specs, broken)


def entry_folders(broken: dict[str, str]) -> Iterator[tuple[Path, str]]:
    """Yield every folder that holds an `env.toml`, with the distribution it comes from.

    Args:
        broken: told of each plug-in that leads to no folder.
    """
    yield from ((path.parent, "rltransfer") for path in env_files(own_folder()))
    for point in plugins():
        files = plugin_files(point)
        if not files:
            broken[point.name] = said_of(point)
        yield from ((path.parent, provider_of(point)) for path in files)


def plugins() -> list[EntryPoint]:
    """Return the entry points of installed packages; none where plug-ins are disabled."""
    if os.environ.get(DISABLE_PLUGINS):
        return []
    return sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)


def env_files(folder: Path) -> list[Path]:
    """Return the `<id>/env.toml` files of a folder, in the order of their ids."""
    return sorted(folder.glob("*/env.toml"))


def own_folder() -> Path:
    """Return where our entries lie: in the wheel, or in the checkout beside the package."""
    package = Path(__file__).resolve().parents[1]
    assets = package / "assets"
    return assets if assets.is_dir() else package.parent / "envs"


def plugin_files(point: EntryPoint) -> list[Path]:
    """Find a plug-in's `env.toml` files without importing its package."""
    top, *inner = point.value.partition(":")[0].split(".")
    package = find_spec(top)  # of a dotted name, it would import the parent
    if package is None or not package.submodule_search_locations:
        return []
    places = [Path(place, *inner) for place in package.submodule_search_locations]
    return [path for place in places for path in env_files(place)]


def said_of(point: EntryPoint) -> str:
    """Say what is wrong with an entry point that leads to no family."""
    return (
        f"the entry point {point.name!r} of {provider_of(point)} names {point.value!r}, where no "
        "<id>/env.toml is found: name an installed package that holds such folders."
    )


def provider_of(point: EntryPoint) -> str:
    """Return the name of the distribution that declares an entry point."""
    return point.dist.name if point.dist is not None else point.value
