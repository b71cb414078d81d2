"""What is to be learnt: a family and the contexts of it that training may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidExperiment

__all__ = ["TrainingProblem"]


@dataclass(frozen=True, init=False)
class TrainingProblem:
    """One policy's task: a context, or several of which every episode draws one.

    Attributes:
        env: the family.
        contexts: complete contexts, at least one.
        observe: the context features that the policy sees.

    Raises:
        InvalidExperiment: if there is no context.
        InvalidContext: if a context or a visible feature is not the family's.
    """

    env: ContextualEnv
    contexts: tuple[Context, ...]
    observe: tuple[str, ...]

    def __init__(
        self,
        env: ContextualEnv,
        contexts: Sequence[Mapping[str, float]],
        observe: Sequence[str] = (),
    ) -> None:
        if not contexts:
            raise InvalidExperiment("a training problem needs at least one context; got none.")
        for name in observe:
            env.space[name]
        object.__setattr__(self, "env", env)
        object.__setattr__(self, "contexts", tuple(env.space.validate(x) for x in contexts))
        object.__setattr__(self, "observe", tuple(observe))

    @property
    def context(self) -> Context | None:
        """The only context; None if there are several."""
        return self.contexts[0] if len(self.contexts) == 1 else None

    @property
    def label(self) -> str:
        """A short text for messages."""
        where = f"{len(self.contexts)} contexts" if self.context is None else self.context.label
        return f"{self.env.spec.id}[{where}]"
