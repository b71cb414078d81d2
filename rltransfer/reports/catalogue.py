"""The catalogue as a page of the documentation, made from the families' own descriptions.

`python -m rltransfer.reports.catalogue FOLDER` writes `environments.md` and its pictures.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rltransfer.envs import EnvironmentSpec, load_catalog, make
from rltransfer.files import write_text
from rltransfer.reports.figures.strip import save_strip
from rltransfer.reports.words import number

__all__ = ["STRIPS", "catalogue_page", "own_families", "write_catalogue"]

STRIPS = {
    "acrobot": "link_length_1",
    "ant": "length_shin",
    "bipedal_walker": "leg_h",
    "cartpole": "length",
    "eco_driving": "inflow",
    "hopper": "length_thigh",
    "lunar_lander": "gravity",
    "ring_road": "vehicles",
    "swimmer": "length_link",
    "traffic_signal": "inflow",
    "walker2d": "length_leg",
}
"""The families that the page shows, each across a feature that can be seen."""


@dataclass(frozen=True)
class Strip:
    """A picture of the page: across which feature, and where it lies."""

    feature: str
    path: str


def own_families() -> list[EnvironmentSpec]:
    """Return the families that this package ships, in the order of their ids."""
    return [spec for spec in load_catalog() if spec.provider == "rltransfer"]


def catalogue_page(specs: Iterable[EnvironmentSpec], strips: Mapping[str, str] = STRIPS) -> str:
    """Return the page as Markdown; the same families give the same text.

    Args:
        specs: the families.
        strips: by family, the feature of its picture.
    """
    from jinja2 import Environment, StrictUndefined

    template = Path(__file__).with_name("catalogue.md").read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["number"] = number
    known = list(specs)
    pictures = {spec.id: picture_of(spec, strips) for spec in known}
    return environment.from_string(template).render(specs=known, strips=pictures)


def picture_of(spec: EnvironmentSpec, strips: Mapping[str, str]) -> Strip | None:
    """Return where a family's picture lies, or None where it has none."""
    if spec.id not in strips:
        return None
    return Strip(strips[spec.id], f"strips/{spec.id}.png")


def write_catalogue(folder: Path) -> None:
    """Write the page and its pictures into a folder."""
    specs = own_families()
    write_text(folder / "environments.md", catalogue_page(specs))
    for spec in specs:
        if spec.id in STRIPS:
            save_strip(make(spec.id), STRIPS[spec.id], folder / "strips" / f"{spec.id}.png")


if __name__ == "__main__":
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    write_catalogue(Path(sys.argv[1]))
