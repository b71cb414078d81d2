"""Does an `env.toml` ask for what its simulator has? All simulators say it in the same words."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from rltransfer.errors import InvalidExperiment, did_you_mean

if TYPE_CHECKING:
    from rltransfer.envs.spec import EnvironmentSpec

__all__ = ["require_all_features", "require_base", "require_known_features"]


def require_base(spec: EnvironmentSpec, known: Collection[str]) -> None:
    """Refuse a family whose `base` is not one of the simulator's.

    Raises:
        InvalidExperiment: naming the bases that there are.
    """
    if spec.base not in known:
        raise InvalidExperiment(
            f"{spec.folder}: the simulator {spec.simulator!r} has no base {spec.base!r}"
            f"{did_you_mean(spec.base, known)} Known: {', '.join(known)}."
        )


def require_known_features(spec: EnvironmentSpec, known: Collection[str]) -> None:
    """Refuse a context feature that means nothing to the family's base.

    Raises:
        InvalidExperiment: naming the features that there are.
    """
    if unknown := [name for name in spec.space.names if name not in known]:
        raise InvalidExperiment(
            f"{spec.folder}: {spec.base} has no context feature {unknown[0]!r}"
            f"{did_you_mean(unknown[0], known)} Known: {', '.join(known)}."
        )


def require_all_features(spec: EnvironmentSpec, needed: Collection[str]) -> None:
    """Refuse a family that has other context features than its base needs.

    Raises:
        InvalidExperiment: naming the one that is unknown or missing.
    """
    require_known_features(spec, needed)
    if missing := [name for name in needed if name not in spec.space.names]:
        raise InvalidExperiment(
            f"{spec.folder}: {spec.base} needs the context feature {missing[0]!r}; describe it in "
            f"[context.{missing[0]}]."
        )
