"""One policy and one critic that learn from a replay buffer by IQL. Imports torch: load it late.

Notation
    n, T    rows of a step of all environments; of some data
    x       observations as the environment gives them, visible features at their end
    z       x standardised; the policy's statistics may be others than the critic's
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.training.actor import standardiser
from rltransfer.training.kept import Together, Tree
from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.critic import Critic, CriticStack
from rltransfer.training.offline.critic_fit import CriticLearner
from rltransfer.training.offline.extraction import CLIP, weighted_loss
from rltransfer.training.offline.iql import IQLLoss
from rltransfer.training.offline.samples import Batch, seen
from rltransfer.training.offline.stack import StackAdam
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.torch_state import ModuleState

__all__ = ["IQLAgent", "IQLUpdate"]

Columns = dict[str, Tensor]
Array = NDArray[Any]


@dataclass(frozen=True)
class IQLUpdate:
    """How the agent learns.

    Attributes:
        batch: rows of a minibatch.
        learning_rate: of Adam, of critic and policy.
        expectile: τ; see `offline.iql`.
        beta: β; see `offline.extraction`.
        polyak: of the target of Q.
    """

    batch: int = 256
    learning_rate: float = 3e-4
    expectile: float = 0.7
    beta: float = 3.0
    polyak: float = 0.005


class IQLAgent:
    """A policy that acts and learns, and the critic that it learns from.

    Args:
        problem: what is learnt.
        policy: where the actor begins; a PPO policy.
        critic: where Q and V begin.
        settings: how it learns.
        seed: decides the actions it samples.

    Raises:
        InvalidPolicy: if the policy is not one of PPO without gSDE.
    """

    def __init__(
        self,
        problem: TrainingProblem,
        policy: Policy,
        critic: Critic,
        settings: IQLUpdate,
        seed: int,
    ) -> None:
        self.settings = settings
        self._problem, self._critic = problem, critic
        self._actors = ActorStack([policy])
        self._actor_adam = StackAdam(self._actors.parameters(), settings.learning_rate, CLIP)
        loss = IQLLoss(torch.tensor([[critic.spec.gamma]]), settings.expectile)
        self._critics = CriticLearner(
            CriticStack.of([critic]), loss, settings.learning_rate, settings.polyak
        )
        self._parts = Together(
            actor=ModuleState(self._actors), adam=self._actor_adam, critic=self._critics
        )
        self._policy_eyes = standardiser(policy.spec.normalization)
        self._critic_eyes = standardiser(critic.spec.normalization)
        self._generator = torch.Generator().manual_seed(seed)

    def sample(self, x: Array) -> Array:
        """Return random actions of the policy within bounds, shape (n,) or (n, a)."""
        with torch.no_grad():
            head = self._actors(tensor(self._policy_eyes(x))[None])
            return self._actors.bounded(head.sample(self._generator))[0].numpy()

    def recorded(self, data: Transitions) -> Columns:
        """Return T transitions as the agent remembers them."""
        return self.columns(
            seen(self._problem, data.observations, data),
            data.actions,
            data.rewards,
            seen(self._problem, data.next_observations, data),
            data.terminated,
            self.units(data.contexts)[data.context_index],
        )

    def columns(
        self,
        x: Array,
        actions: Array,
        rewards: Array,
        next_x: Array,
        terminated: Array,
        units: Array,
    ) -> Columns:
        """Return transitions as the columns of a `Replay`; units are the hidden features' c."""
        return {
            "policy_z": tensor(self._policy_eyes(x)),
            "z": tensor(self._critic_eyes(x)),
            "actions": torch.tensor(actions),
            "rewards": tensor(rewards / self._critic.spec.reward_scale),
            "next_z": tensor(self._critic_eyes(next_x)),
            "continues": tensor(~terminated),
            "c": tensor(units),
        }

    def update(self, drawn: Mapping[str, Tensor]) -> None:
        """Go one step with the policy and one with the critic on a minibatch of a `Replay`."""
        self._update_actor(drawn["policy_z"], drawn["actions"], self._advantages(drawn))
        columns = {name: column for name, column in drawn.items() if name != "policy_z"}
        self._critics.step(Batch(**columns, rows=torch.empty(0, dtype=torch.int64)))

    def _advantages(self, drawn: Mapping[str, Tensor]) -> Tensor:
        """Return Q̄ - V, shape (1, B), in the problem's own context; see `Critic.inputs`."""
        z, c, own = drawn["z"], drawn["c"], self._problem.context
        if own is not None:
            c = tensor(self.units([own])).expand(c.shape)
        with torch.no_grad():
            best = self._critics.target.q_min(z, c, drawn["actions"])
            return best - self._critics.critic.v(z, c)

    def _update_actor(self, z: Tensor, actions: Tensor, advantages: Tensor) -> None:
        bounded = self._actors.bounded(actions)
        loss = weighted_loss(self._actors, z, bounded, advantages, self.settings.beta)
        self._actor_adam.step(loss.sum())
        self._actors.keep_log_std_above_floor()

    def reseed(self, seed: int) -> None:
        """Draw actions anew from here on."""
        self._generator.manual_seed(seed)

    def state(self) -> Tree:
        """Return actor, critic and what Adam remembers; see `kept.Kept`."""
        return self._parts.state()

    def restore(self, state: Tree) -> None:
        """Become as it was."""
        self._parts.restore(state)

    def policy(self) -> Policy:
        """Return the policy as it is now.

        Raises:
            InvalidPolicy: if a weight is not finite: the training diverged.
        """
        return self._actors.policies()[0]

    def critic(self) -> Critic:
        """Return the critic as it is now; raises what `policy` raises."""
        return self._critics.critic.critics()[0]

    def units(self, contexts: Sequence[Context]) -> Array:
        """Return c of some contexts, shape (len(contexts), d)."""
        return self._critic.units(self._problem, contexts)


def tensor(values: Array) -> Tensor:
    """Return numbers as float32."""
    return torch.tensor(values, dtype=torch.float32)
