"""The trainings that are compared: the same target, budget and looks, another beginning."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from rltransfer.experiment.adaptation.spec import REFERENCE, AdaptationSpec
from rltransfer.experiment.solo.beginnings import digest_of, name_of
from rltransfer.experiment.solo.training import SoloTraining
from rltransfer.training.head_start import HeadStart
from rltransfer.training.online import OnlineRL
from rltransfer.training.trainer import Trainer

if TYPE_CHECKING:
    from rltransfer.training.stage import Stage

__all__ = ["arm", "watched"]


@dataclass(frozen=True)
class WatchedOnlineRL(OnlineRL):
    """The same training, scored before its first step, too: the start of a learning curve."""

    @property
    def first_look(self) -> float:
        """The start itself is scored."""
        return 0.0


def arm(spec: AdaptationSpec, name: str, best: HeadStart) -> SoloTraining:
    """Return one training, from what it may begin with.

    Args:
        spec: target, budget and looks.
        name: the trainer.
        best: the run's best policies on the target, and what it has recorded.
    """
    env, recipe = spec.experiment.environment, spec.recipes[name]
    start = HeadStart() if name == REFERENCE else best
    trainer = recipe.trainer(env) if name == REFERENCE else recipe.warm_trainer(env)
    (problem,) = recipe.problems(env, [spec.target])
    told = {
        "env": env.spec.id,
        "context": dict(spec.target),
        "trainer": name,
        "algorithm": spec.experiment.algorithm,
        "seed": spec.root,
        "steps": spec.budget,
        "looks": spec.looks,
        "episodes": spec.experiment.evaluation.episodes,
        "from": [name_of(policy) for policy in start.members],
        "data": None if start.data is None else digest_of(start.data),
    }
    return SoloTraining(
        problem,
        watched(trainer, spec.looks),
        start,
        recipe=name,
        episodes=spec.experiment.evaluation.episodes,
        seed=spec.root,
        told=told,
    )


def watched(trainer: Trainer, looks: int) -> Trainer:
    """Return the trainer with its online stages scored before the first step and `looks` times."""
    return Trainer([with_looks(stage, looks) for stage in trainer.stages])


def with_looks(stage: Stage, looks: int) -> Stage:
    """Return one stage so; a stage that scores nothing stays as it is."""
    chosen: Any = stage
    if type(stage) is OnlineRL:
        chosen = WatchedOnlineRL(**{f.name: getattr(stage, f.name) for f in fields(stage)})
    if is_dataclass(chosen) and hasattr(chosen, "looks"):
        chosen = replace(chosen, looks=looks)  # type: ignore[type-var]
    return chosen  # type: ignore[no-any-return]
