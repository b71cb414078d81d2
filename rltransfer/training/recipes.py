"""The recipes by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rltransfer.envs import TrainingDefaults
from rltransfer.errors import UnknownName, did_you_mean
from rltransfer.training.context_samplers import EVENLY
from rltransfer.training.offline_recipes import (
    CloneThenPPO,
    FaithfulUniO4,
    FittedCloneThenPPO,
    IQLFineTune,
    OfflineOnly,
    UniO4,
    WarmStartPPO,
)
from rltransfer.training.online_recipes import FromScratch, Independent, MultiTask
from rltransfer.training.recipe import Recipe
from rltransfer.training.stopping import StoppingRule

__all__ = ["RECIPES", "Recipe", "make_recipe"]

RECIPES: dict[str, Callable[..., Recipe]] = {
    "from-scratch": FromScratch,
    "uni-o4": UniO4,
    "uni-o4-faithful": FaithfulUniO4,
    "warm-start-ppo": WarmStartPPO,
    "offline-only": OfflineOnly,
    "clone-then-ppo": CloneThenPPO,
    "clone-then-ppo-fitted": FittedCloneThenPPO,
    "iql-fine-tune": IQLFineTune,
    "multi-task": MultiTask,
    "independent": Independent,
}


def make_recipe(
    name: str,
    *,
    algorithm: str | None = None,
    defaults: TrainingDefaults | None = None,
    observe: Sequence[str] = (),
    stop: StoppingRule | None = None,
    record: int = 0,
    contexts: str = EVENLY,
) -> Recipe:
    """Build a recipe by name.

    Args:
        name: a name of `RECIPES`.
        algorithm: a name of `ALGORITHMS`; None for the family's own.
        defaults: steps, sub-environments and hyperparameters; None for the family's.
        observe: the context features that the policies see; none by default.
        stop: ends a training before its budget is spent.
        record: how many of a training's last transitions are kept.
        contexts: how episodes get theirs, where a policy is trained on several; a name of
            `CONTEXT_SAMPLERS`.

    Raises:
        UnknownName: if there is no such recipe.
    """
    if name not in RECIPES:
        raise UnknownName(
            f"unknown recipe {name!r}{did_you_mean(name, RECIPES)} Known: {', '.join(RECIPES)}."
        )
    return RECIPES[name](algorithm, defaults, tuple(observe), stop, record, contexts)
