"""What a tuning must fulfil beyond the type of each of its fields."""

from __future__ import annotations

from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.sections import Training
from rltransfer.experiment.spec import Experiment

__all__ = ["require_plain", "require_short_rollouts"]

ROLLING = ("PPO", "A2C")
"""Algorithms whose `n_steps` are those of a rollout."""


def require_plain(training: Training) -> None:
    """Refuse what a study may say of training and a tuning cannot do."""
    if training.recipe != "from-scratch":
        raise InvalidExperiment(
            f"training.recipe must be 'from-scratch' in a tuning; got {training.recipe!r}: every "
            "training of every trial begins with nothing."
        )
    if training.tensorboard is not None:
        raise InvalidExperiment(
            "training.tensorboard does not go with a tuning, which trains hundreds of policies. "
            "Train the best settings again with `rltransfer run --training`, and log that."
        )


def require_short_rollouts(study: Experiment) -> None:
    """Refuse rollouts that are longer than a training: such a trial would have more steps.

    Args:
        study: with the longest rollouts that are searched.
    """
    defaults = study.training_defaults()
    rollout = defaults.hyperparameters.get("n_steps", 1) * defaults.n_envs
    if study.algorithm in ROLLING and rollout > defaults.steps:
        raise InvalidExperiment(
            f"space.n_steps goes up to rollouts of {rollout:,} steps in {defaults.n_envs} "
            f"environments, and a training has {defaults.steps:,}. Lower the range, or raise "
            "--steps."
        )
