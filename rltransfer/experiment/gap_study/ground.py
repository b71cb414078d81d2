"""The contexts of a gap study, and which part of them training has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace, ContextSplit
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.gap_study.method import Training
from rltransfer.experiment.gap_study.spec import GapSpec

__all__ = ["Ground"]

POINTS = {1: 20, 2: 6}
"""Grid points per feature where nothing is said, by the number of features."""

FEW_POINTS = 3


@dataclass(frozen=True, eq=False)
class Ground:
    """Where policies are measured.

    Attributes:
        env: the family.
        space: the features that vary.
        targets: M complete contexts.
        split: the division by name; None where each training's own contexts divide them.
    """

    env: ContextualEnv
    space: ContextSpace
    targets: tuple[Context, ...]
    split: ContextSplit | None = None

    @classmethod
    def of(cls, spec: GapSpec, env: ContextualEnv, homes: Sequence[Context]) -> Ground:
        """Lay out what a study asks for.

        Features that do not vary keep the value that all training contexts share, or the default.

        Args:
            spec: the question.
            env: the family.
            homes: complete contexts that policies were trained in.

        Raises:
            InvalidExperiment: if neither a split nor features are named.
            UnknownName, InvalidContext: if the family has no such split or feature.
        """
        split = None if spec.split is None else named_split(spec, env)
        contexts = grid(spec, env) if split is None else parts_in_order(split)
        space = env.space.select(contexts[0])
        fixed = shared(homes, space.names)
        targets = tuple(env.space.validate({**fixed, **x}) for x in contexts)
        return cls(env, space, targets, split)

    @cached_property
    def places(self) -> tuple[Context, ...]:
        """The targets in the varied features only, as tables and figures show them."""
        return tuple(y.restrict(self.space.names) for y in self.targets)

    def parts(self, training: Training) -> NDArray[np.int8]:
        """Return the part of each target, shape (M,): by the split, or by the training itself."""
        if self.split is None:
            return training.parts(self.space, self.targets)
        sizes = [len(self.split.train), len(self.split.interpolation)]
        return np.searchsorted(np.cumsum(sizes), np.arange(len(self.targets)), "right").astype(
            np.int8
        )


def named_split(spec: GapSpec, env: ContextualEnv) -> ContextSplit:
    """Return the family's split of this name."""
    assert spec.split is not None
    plan = env.spec.splits.get(spec.split)
    divided = len(spec.vary or (plan.train if plan else ()))
    split = env.split(spec.split, spec.targets or POINTS.get(divided, FEW_POINTS), spec.vary)
    if not split.interpolation + split.extrapolation:
        raise InvalidExperiment(
            f"the split {spec.split!r} holds nothing out with {spec.targets} grid points; take "
            "more --targets."
        )
    return split


def parts_in_order(split: ContextSplit) -> tuple[Context, ...]:
    """Return all contexts of a split: those of training, interpolation, extrapolation."""
    return split.train + split.interpolation + split.extrapolation


def grid(spec: GapSpec, env: ContextualEnv) -> tuple[Context, ...]:
    """Return a grid of the features that vary."""
    if not spec.vary:
        raise InvalidExperiment(
            "a gap study needs contexts: name the features with --vary, or a split of the family "
            f"with --split. {env.spec.id} has the features {', '.join(env.space.names)} and the "
            f"splits {', '.join(env.spec.splits)}."
        )
    space = env.space.select(spec.vary)
    return space.grid(spec.targets or POINTS.get(len(space), FEW_POINTS))


def shared(homes: Sequence[Context], varied: Sequence[str]) -> dict[str, float]:
    """Return the values of features that do not vary, where all training contexts agree."""
    fixed = [name for name in (homes[0] if homes else ()) if name not in varied]
    return {name: homes[0][name] for name in fixed if len({x[name] for x in homes}) == 1}
