"""How contexts become policies: which problems to train, and with which chain of stages.

A recipe answers three questions: what to do when nothing is known, when there are recorded data,
and when other sources' policies and data can be inherited. A study names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from rltransfer.envs import ContextualEnv
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.trainer import Trainer

__all__ = ["Contexts", "Recipe"]

Contexts = Sequence[Mapping[str, float]]


class Recipe(Protocol):
    """Turns contexts into problems, and a family into the trainers for them."""

    @property
    def inherits(self) -> bool:
        """Whether a source starts from the sources before it."""

    @property
    def needs_data(self) -> bool:
        """Whether `warm_trainer` learns from recorded transitions."""

    def problems(self, env: ContextualEnv, contexts: Contexts) -> tuple[TrainingProblem, ...]:
        """Return the problems to train, one policy each."""

    def trainer(self, env: ContextualEnv) -> Trainer:
        """Return what trains each problem when nothing is known.

        Raises:
            UnknownName: if there is no such algorithm.
            InvalidExperiment: if its settings do not fit the family.
        """

    def data_trainer(self, env: ContextualEnv) -> Trainer:
        """Return what trains a problem given recorded transitions; raises as `trainer` does."""

    def warm_trainer(self, env: ContextualEnv) -> Trainer:
        """Return what trains a problem given other policies and the transitions they saw."""
