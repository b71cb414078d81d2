"""What a stage begins with, and what it hands on: data, policies, critic, model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rltransfer.data import Transitions
from rltransfer.errors import InvalidExperiment
from rltransfer.training.policy import Policy

if TYPE_CHECKING:
    from rltransfer.training.offline.critic import Critic
    from rltransfer.training.offline.dynamics import Dynamics

__all__ = ["HeadStart"]


@dataclass(frozen=True)
class HeadStart:
    """All that is known before a stage; each stage returns it with more in it.

    Attributes:
        policy: the one to go on with; None to begin from random weights.
        data: recorded transitions, of this context or of others.
        members: an ensemble of policies, in order; empty if no stage has made one.
        anchor: a policy that was measured to do well, which later ones must not fall behind.
        critic: Q and V, fitted to the data.
        dynamics: a model of the environment, fitted to the data.
    """

    policy: Policy | None = None
    data: Transitions | None = None
    members: tuple[Policy, ...] = ()
    anchor: Policy | None = None
    critic: Critic | None = None
    dynamics: Dynamics | None = None

    def having(self, **found: object) -> HeadStart:
        """Return the same with some attributes replaced."""
        return replace(self, **found)  # type: ignore[arg-type]

    def need_policy(self, stage: str) -> Policy:
        """Return the policy.

        Raises:
            InvalidExperiment: naming the stage that needs one.
        """
        if self.policy is None:
            raise InvalidExperiment(
                f"the stage {stage!r} needs a policy to start from; put a stage before it that "
                "makes one, such as cloning."
            )
        return self.policy

    def need_data(self, stage: str) -> Transitions:
        """Return the data; see `need_policy`."""
        if self.data is None:
            raise InvalidExperiment(
                f"the stage {stage!r} needs recorded transitions; give a dataset, for example "
                "with `--dataset`, or train the first source from scratch."
            )
        return self.data

    def need_members(self, stage: str) -> tuple[Policy, ...]:
        """Return the ensemble; see `need_policy`."""
        if not self.members:
            raise InvalidExperiment(
                f"the stage {stage!r} needs an ensemble of policies; put a cloning stage before it."
            )
        return self.members

    def need_critic(self, stage: str) -> Critic:
        """Return the critic; see `need_policy`."""
        if self.critic is None:
            raise InvalidExperiment(
                f"the stage {stage!r} needs a critic; put a stage before it that fits one."
            )
        return self.critic

    def need_dynamics(self, stage: str) -> Dynamics:
        """Return the model of the environment; see `need_policy`."""
        if self.dynamics is None:
            raise InvalidExperiment(
                f"the stage {stage!r} needs a model of the environment; put a stage before it "
                "that fits one."
            )
        return self.dynamics
