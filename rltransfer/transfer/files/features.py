"""The context space that some contexts suggest: ranges, scales, categories.

Notation
    v_1 < … < v_n   the different values of a feature, over sources and targets

The range of a feature is v_1 … v_n. Its scale is logarithmic where the values form a grid that is
even in log v and not in v. A feature of words becomes one number per word, 1 where it applies and
0 elsewhere, so that two different words are always equally far apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextFeature, ContextSpace, Scale
from rltransfer.errors import InvalidContext, InvalidTransferMatrix, UnknownName, did_you_mean
from rltransfer.transfer.files.columns import FeatureColumn

__all__ = ["Axis", "axes_of", "contexts_on", "space_of"]

Array = NDArray[np.float64]

EVEN = 0.02
"""Steps of a grid may differ by this share of their mean: files hold rounded values."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One feature of the derived space, and where the contexts lie on it.

    Attributes:
        feature: name, range and scale.
        sources, targets: values of the feature, shapes (N,) and (M,).
    """

    feature: ContextFeature
    sources: Array
    targets: Array


def axes_of(columns: Sequence[FeatureColumn], scales: Mapping[str, Scale]) -> list[Axis]:
    """Return the axes of the features that vary.

    Args:
        columns: the features as the file holds them.
        scales: those decided by hand, by the features' names in the file.

    Raises:
        UnknownName: if a scale is given for a feature that is not there.
        InvalidContext: if it cannot have that scale.
        InvalidTransferMatrix: if no feature varies.
    """
    require_known(columns, scales)
    axes: list[Axis] = []
    for column in columns:
        if len(column.values) < 2:
            continue
        taken = [axis.feature.name for axis in axes]
        if column.is_numeric:
            scale = scales.get(column.name, suggested_scale(column))
            axes.append(axis_of(column.name, column.sources, column.targets, scale, taken))
        else:
            axes += one_hot(column, taken)
    if not axes:
        raise InvalidTransferMatrix(
            "no feature varies over the sources and targets, so there is nothing to choose "
            f"between; the features are {', '.join(column.name for column in columns)}."
        )
    return axes


def require_known(columns: Sequence[FeatureColumn], scales: Mapping[str, Scale]) -> None:
    """Raise unless every scale is that of a numeric feature."""
    by_name = {column.name: column for column in columns}
    for name in scales:
        if name not in by_name:
            raise UnknownName(
                f"there is no feature {name!r} whose scale could be set"
                f"{did_you_mean(name, by_name)} Known: {', '.join(by_name)}."
            )
        if not by_name[name].is_numeric:
            raise InvalidContext(
                f"feature {name!r} has words as values, such as {str(by_name[name].values[0])!r}, "
                "so it has no scale. Leave it out of --log and --linear."
            )


def suggested_scale(column: FeatureColumn) -> Scale:
    """Return LOG where the values are a logarithmic grid.

    Either all values together are one, or those of the sources and those of the targets are,
    each for itself.
    """
    apart = [np.unique(column.sources), np.unique(column.targets)]
    logarithmic = is_log_grid(column.values) or all(map(is_log_grid, apart))
    return Scale.LOG if logarithmic else Scale.LINEAR


def is_log_grid(values: Array) -> bool:
    """Say whether ascending values are positive, and even in their logarithm but not as such."""
    if len(values) < 3 or values[0] <= 0.0:
        return False
    return is_even(np.log(values)) and not is_even(values)


def is_even(values: Array) -> bool:
    """Say whether all steps are the same, up to rounding."""
    steps = np.diff(values)
    return bool(np.abs(steps / steps.mean() - 1.0).max() <= EVEN)


def one_hot(column: FeatureColumn, taken: Sequence[str]) -> list[Axis]:
    """Return an axis per word."""
    axes: list[Axis] = []
    for word in column.values:
        names = [*taken, *(axis.feature.name for axis in axes)]
        sources = (column.sources == word).astype(np.float64)
        targets = (column.targets == word).astype(np.float64)
        axes.append(axis_of(f"{column.name}={word}", sources, targets, Scale.LINEAR, names))
    return axes


def axis_of(name: str, sources: Array, targets: Array, scale: Scale, taken: Iterable[str]) -> Axis:
    """Return the axis of numbers that vary."""
    low = float(min(sources.min(), targets.min()))
    high = float(max(sources.max(), targets.max()))
    feature = ContextFeature(identifier(name, taken), low, low, high, scale=scale, about=name)
    return Axis(feature, sources, targets)


def identifier(name: str, taken: Iterable[str]) -> str:
    """Return a free name as context features may have it, as near to the given one as can be."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    wanted = plain if plain[:1].isalpha() else f"x_{plain}".rstrip("_")
    free, count, used = wanted, 2, set(taken)
    while free in used:
        free, count = f"{wanted}_{count}", count + 1
    return free


def space_of(axes: Sequence[Axis]) -> ContextSpace:
    """Return the space of the axes' features."""
    return ContextSpace(axis.feature for axis in axes)


def contexts_on(axes: Sequence[Axis], role: str) -> tuple[Context, ...]:
    """Return the "sources" or the "targets" as contexts."""
    columns = [getattr(axis, role).tolist() for axis in axes]
    names = [axis.feature.name for axis in axes]
    return tuple(
        Context(dict(zip(names, values, strict=True))) for values in zip(*columns, strict=True)
    )
