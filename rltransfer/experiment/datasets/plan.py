"""What is to be recorded, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rltransfer.contexts import Context
from rltransfer.data.info import QUALITIES, Quality
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidDataset, InvalidPolicy, UnknownName, did_you_mean
from rltransfer.training.algorithms import AlgorithmSettings, defaults_of, resolve
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import plain_space

__all__ = ["DatasetPlan"]

ALGORITHM = "PPO"
"""Its policies have distributions to draw actions from."""

OF_ONE_POLICY = ("medium", "expert")
"""Qualities that a given policy can be recorded as."""


@dataclass(frozen=True)
class DatasetPlan:
    """A recording; the data depend on it alone.

    Attributes:
        env: the family.
        contexts: features not named get their default; several for `mixed-context` only.
        quality: one of `QUALITIES`.
        steps: transitions to record, in equal parts per context; at most so many for
            a replay.
        seed: decides every random number.
        train_steps: of each training; None for the family's own.
        policy: acts in place of trained ones; None to train.

    Raises:
        InvalidContext: if a context is not the family's.
        InvalidDataset: if quality, contexts, steps and policy do not go together.
        InvalidPolicy: if the policy's spaces are not the family's.
        UnknownName: if there is no such quality.
    """

    env: ContextualEnv
    contexts: tuple[Context, ...]
    quality: Quality
    steps: int
    seed: int = 0
    train_steps: int | None = None
    policy: Policy | None = None

    def __post_init__(self) -> None:
        complete = tuple(self.env.space.validate(context) for context in self.contexts)
        object.__setattr__(self, "contexts", complete)
        require_quality(self.quality, complete)
        require_steps(self.steps, len(complete), self.train_steps)
        if self.policy is not None:
            require_policy(self.policy, self.quality, self.env)

    @property
    def settings(self) -> AlgorithmSettings:
        """The training of each context."""
        name, defaults = defaults_of(self.env, ALGORITHM)
        if self.train_steps is not None:
            defaults = defaults.model_copy(update={"steps": self.train_steps})
        return resolve(name, defaults, self.env)


def require_quality(quality: str, contexts: Sequence[Context]) -> None:
    """Refuse an unknown quality, and more or fewer contexts than it takes."""
    if quality not in QUALITIES:
        raise UnknownName(
            f"unknown quality {quality!r}{did_you_mean(quality, QUALITIES)} "
            f"Known: {', '.join(QUALITIES)}."
        )
    if len(set(contexts)) < len(contexts):
        raise InvalidDataset("each context can be recorded once; one is given twice.")
    if not contexts or (quality == "mixed-context") != (len(contexts) > 1):
        raise InvalidDataset(
            "'mixed-context' data are recorded in two contexts or more, all others in one; got "
            f"{quality!r} and {len(contexts)} of them."
        )


def require_steps(steps: int, contexts: int, train_steps: int | None) -> None:
    """Refuse a recording or a training of nothing."""
    if steps < 2 * contexts:
        raise InvalidDataset(
            f"a recording needs at least 2 steps per context; got {steps} for {contexts}."
        )
    if train_steps is not None and train_steps < 1:
        raise InvalidDataset(f"a training needs at least 1 step; got {train_steps}.")


def require_policy(policy: Policy, quality: str, env: ContextualEnv) -> None:
    """Refuse a policy that cannot act in the family, or cannot be recorded so."""
    if quality not in OF_ONE_POLICY:
        raise InvalidDataset(
            f"{quality!r} data take more than one policy; a given policy can be recorded as "
            f"{' or '.join(map(repr, OF_ONE_POLICY))}."
        )
    seen, actions = env.spaces
    size = seen.shape[0] + len(policy.observe)
    if (policy.observation_size, policy.spec.action_space) != (
        size,
        plain_space(actions, "actions"),
    ):
        raise InvalidPolicy(
            f"{policy!r} takes {policy.observation_size} observations and chooses "
            f"{policy.spec.action_space!r}; {env.spec.id} gives {size} and takes {actions}."
        )
