"""Recipes that go from recorded data, or from other sources, to a policy: chains of stages.

Each recipe is a list of stages for data, and another for sources that can be inherited. A chain
of your own is a `Trainer` of any list of stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidExperiment
from rltransfer.training.algorithms import AlgorithmSettings
from rltransfer.training.finetuning import FineTuning, Pace, careful, family_pace, warmed_pace
from rltransfer.training.online_recipes import FromScratch
from rltransfer.training.stage import Stage
from rltransfer.training.trainer import Trainer

if TYPE_CHECKING:
    from rltransfer.training.offline.view import DataView
    from rltransfer.training.policy_spec import NetworkSpec

__all__ = [
    "CloneThenPPO",
    "FaithfulUniO4",
    "FittedCloneThenPPO",
    "IQLFineTune",
    "OfflineOnly",
    "UniO4",
    "WarmStartPPO",
]

BANDWIDTH = 0.25
"""Of the similarity of contexts on the unit cube: how far data of other sources count."""


@dataclass(frozen=True)
class Kit:
    """What the stages of one family have in common.

    Attributes:
        settings: of PPO from scratch.
        horizon: the longest episode.
        recipe: stopping rule and recording of the online stage.
    """

    settings: AlgorithmSettings
    horizon: int
    recipe: FromScratch

    @cached_property
    def view(self) -> DataView:
        """How all stages look at the data."""
        from rltransfer.training.offline.view import DataView

        gamma = float(self.settings.hyperparameters.get("gamma", 0.99))
        return DataView(gamma=gamma, bandwidth=BANDWIDTH)

    @cached_property
    def network(self) -> NetworkSpec:
        """The networks of a policy from scratch."""
        from rltransfer.training.offline.fresh import network_of

        return network_of(self.settings)

    def plain(self) -> FineTuning:
        """Return PPO as the family trains it, going on from a policy."""
        return self.online(self.settings, family_pace(self.settings))

    def tuned(self) -> FineTuning:
        """Return the same after a warm-up of the critic."""
        return self.online(self.settings, warmed_pace(self.settings, self.horizon))

    def slow(self) -> FineTuning:
        """Return PPO with long rollouts and Uni-O4's small steps."""
        pace = Pace(actor_rate=3e-5, critic_rate=2e-4, desired_kl=None, warm_up=0)
        return self.online(careful(self.settings, self.horizon), pace)

    def online(self, settings: AlgorithmSettings, pace: Pace) -> FineTuning:
        """Return an online stage with the recipe's stopping rule and recording."""
        return FineTuning(settings, stop=self.recipe.stop, record=self.recipe.record, pace=pace)


class OfflineToOnline(FromScratch):
    """One context, one policy, from whatever is known."""

    @property
    def inherits(self) -> bool:
        """Yes: from the sources before."""
        return True

    @property
    def needs_data(self) -> bool:
        """Yes: critic and model are fitted to what the sources before saw."""
        return True

    def kit(self, env: ContextualEnv) -> Kit:
        """Return what the stages have in common.

        Raises:
            InvalidExperiment: if the family's policies explore with gSDE.
            InvalidPolicy: if the algorithm is not PPO.
        """
        kit = Kit(self.settings(env), env.spec.horizon, self)
        _ = kit.network
        if kit.settings.hyperparameters.get("use_sde"):
            raise InvalidExperiment(
                f"{env.spec.id} is trained with gSDE, whose policies the offline stages do not "
                "improve. Set use_sde = false in training.hyperparameters."
            )
        return kit

    def data_trainer(self, env: ContextualEnv) -> Trainer:
        """Return the stages that start from recorded transitions."""
        return Trainer(self.from_data(self.kit(env)))

    def warm_trainer(self, env: ContextualEnv) -> Trainer:
        """Return the stages that start from other sources' policies and transitions."""
        return Trainer(self.from_sources(self.kit(env)))

    def from_data(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages, given data."""
        raise NotImplementedError

    def from_sources(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages, given policies of other contexts and data."""
        return self.from_data(kit)


class OfflineOnly(OfflineToOnline):
    """Cloning, critic, model, offline PPO under offline evaluation: no environment step."""

    def from_data(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages; see `OfflineToOnline`."""
        from rltransfer.training.offline.cloning import Cloning

        return [Cloning(kit.network, kit.view), *improving(kit)]

    def from_sources(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages: the sources' policies take the place of clones."""
        from rltransfer.training.offline.inheriting import Inheriting

        return [Inheriting(kit.view), *improving(kit)]


class UniO4(OfflineOnly):
    """Offline as `OfflineOnly`, then a fitted value function and PPO."""

    def from_data(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages; see `OfflineToOnline`."""
        from rltransfer.training.offline.value import FitValue

        return [*super().from_data(kit), FitValue(kit.view), kit.tuned()]

    def from_sources(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages; the value function is inherited, and the best source is kept."""
        from rltransfer.training.choosing import Choosing

        return [*super().from_sources(kit), Choosing(), kit.tuned()]


class FaithfulUniO4(OfflineToOnline):
    """As published: AM-Q decides, no KL budget, PPO with a small fixed step.

    Sizes and numbers of steps are those of `UniO4`; the authors' would take days on two cores.
    """

    def from_data(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages; see `OfflineToOnline`."""
        from rltransfer.training.offline.cloning import Cloning
        from rltransfer.training.offline.dynamics_fit import FitDynamics
        from rltransfer.training.offline.improvement import published
        from rltransfer.training.offline.iql import FitIQL
        from rltransfer.training.offline.value import FitValue

        return [
            Cloning(kit.network, kit.view, diversity=0.1),
            FitIQL(kit.view),
            FitDynamics(kit.view),
            published(kit.view),
            FitValue(kit.view),
            kit.slow(),
        ]


class CloneThenPPO(OfflineToOnline):
    """The control: cloning, then PPO as from scratch, its critic random."""

    def from_data(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages; see `OfflineToOnline`."""
        from rltransfer.training.offline.cloning import Cloning

        return [Cloning(kit.network, kit.view, members=1), kit.plain()]


class FittedCloneThenPPO(OfflineToOnline):
    """The stronger control: cloning, a critic fitted to the data's returns, the same PPO."""

    def from_data(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages; see `OfflineToOnline`."""
        from rltransfer.training.offline.cloning import Cloning
        from rltransfer.training.offline.value import FitValue, Returns

        value = FitValue(kit.view, target=Returns())
        return [Cloning(kit.network, kit.view, members=1), value, kit.tuned()]


class IQLFineTune(OfflineToOnline):
    """The off-policy control: IQL offline, then IQL online with the data as replay buffer."""

    def from_data(self, kit: Kit) -> Sequence[Stage]:
        """Return the stages; see `OfflineToOnline`."""
        from rltransfer.training.iql_online import OnlineIQL
        from rltransfer.training.offline.extraction import ExtractIQL
        from rltransfer.training.offline.iql import FitIQL

        online = OnlineIQL(
            kit.settings.steps,
            kit.view,
            n_envs=kit.settings.n_envs,
            stop=kit.recipe.stop,
            record=kit.recipe.record,
        )
        return [FitIQL(kit.view), ExtractIQL(kit.network, kit.view), online]


class WarmStartPPO(OfflineToOnline):
    """PPO from the weights of the source that does best here."""

    @property
    def needs_data(self) -> bool:
        """No: weights are enough."""
        return False

    def kit(self, env: ContextualEnv) -> Kit:
        """Return what the stages have in common; PPO itself can go on with gSDE."""
        kit = Kit(self.settings(env), env.spec.horizon, self)
        _ = kit.network
        return kit

    def from_data(self, kit: Kit) -> Sequence[Stage]:
        """Refuse: data are no policy."""
        raise InvalidExperiment(
            "the recipe 'warm-start-ppo' starts from another source's policy and cannot use "
            "recorded data. Use 'clone-then-ppo' or 'uni-o4'."
        )

    def from_sources(self, kit: Kit) -> Sequence[Stage]:
        """Return the only stage."""
        return [kit.tuned()]


def improving(kit: Kit) -> list[Stage]:
    """Return the stages from an ensemble to a better policy."""
    from rltransfer.training.offline.dynamics_fit import FitDynamics
    from rltransfer.training.offline.improvement import Improvement
    from rltransfer.training.offline.iql import FitIQL

    return [FitIQL(kit.view), FitDynamics(kit.view), Improvement(kit.view)]
