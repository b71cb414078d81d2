"""Published ranges of a family's features, under the name that the field knows them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.envs.env_file import PresetFeature, PresetTable
from rltransfer.errors import InvalidContext

__all__ = ["Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A part of a family's context space that others have studied.

    Attributes:
        name: such as `mbtl` or `carl`.
        source: where the ranges are from.
        space: the features that the preset ranges over, narrowed to its ranges.
        points: grid points per feature in the source.
    """

    name: str
    source: str
    space: ContextSpace
    points: Mapping[str, int] = field(hash=False)

    @classmethod
    def of_table(cls, name: str, table: PresetTable, whole: ContextSpace) -> Preset:
        """Narrow a family's features to the ranges of a table.

        Raises:
            InvalidContext: if a feature is unknown, or a range leaves the feature's own or does
                not hold its default.
        """
        features = [narrowed(whole[key], entry, name) for key, entry in table.features.items()]
        points = {key: entry.points for key, entry in table.features.items()}
        return cls(name, table.source, ContextSpace(features), points)


def narrowed(feature: ContextFeature, entry: PresetFeature, preset: str) -> ContextFeature:
    """Return a feature with a preset's range and scale."""
    low, high = (feature.validate(end) for end in entry.range)
    if not low <= feature.default <= high:
        raise InvalidContext(
            f"preset {preset!r} must hold the default of {feature.name!r}, {feature.default:g}; "
            f"its range is {low:g}…{high:g}."
        )
    return replace(feature, low=low, high=high, scale=entry.scale or feature.scale, feasible=None)
