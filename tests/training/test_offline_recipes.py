"""The chains of stages that recipes are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rltransfer
from rltransfer.data import UniformRandom, collect
from rltransfer.envs import TrainingDefaults
from rltransfer.errors import InvalidExperiment, InvalidPolicy, RLTransferError
from rltransfer.evaluation import evaluate
from rltransfer.training import (
    FineTuning,
    HeadStart,
    SilentMonitor,
    StoppingRule,
    Trainer,
    TrainingProblem,
    make_recipe,
)
from rltransfer.training.offline.cloning import Cloning
from rltransfer.training.offline.gate import BestSoFar, PairedGate
from rltransfer.training.offline.improvement import Improvement
from rltransfer.training.offline.scorers import AMQ, ModelReturn
from rltransfer.training.offline.value import FitValue
from rltransfer.training.offline.value_targets import CriticValues, Returns

CARTPOLE, PENDULUM = rltransfer.make("cartpole"), rltransfer.make("pendulum")

OFFLINE = ["cloning", "IQL critic", "dynamics", "offline PPO"]
INHERITED = ["inheriting", *OFFLINE[1:]]
CHAINS = {
    "uni-o4": (
        [*OFFLINE, "value function", "fine-tuning"],
        [*INHERITED, "choosing", "fine-tuning"],
    ),
    "uni-o4-faithful": ([*OFFLINE, "value function", "fine-tuning"],) * 2,
    "offline-only": (OFFLINE, INHERITED),
    "clone-then-ppo": (["cloning", "fine-tuning"],) * 2,
    "clone-then-ppo-fitted": (["cloning", "value function", "fine-tuning"],) * 2,
    "iql-fine-tune": (["IQL critic", "IQL policy", "online IQL"],) * 2,
    "warm-start-ppo": (None, ["fine-tuning"]),
}


def names(trainer):
    return [stage.name for stage in trainer.stages]


def stage_of(trainer, kind):
    (stage,) = [s for s in trainer.stages if isinstance(s, kind)]
    return stage


@pytest.mark.parametrize("env", [CARTPOLE, PENDULUM], ids=lambda env: env.spec.id)
@pytest.mark.parametrize("name", CHAINS)
def test_the_stages_are_as_documented(name, env):
    recipe, (data, warm) = make_recipe(name), CHAINS[name]
    assert recipe.inherits
    assert names(recipe.warm_trainer(env)) == warm
    if data is not None:
        assert names(recipe.data_trainer(env)) == data


def test_a_warm_start_cannot_use_data():
    with pytest.raises(InvalidExperiment, match=r"'warm-start-ppo' starts from another source's"):
        make_recipe("warm-start-ppo").data_trainer(CARTPOLE)


@pytest.mark.parametrize("name", CHAINS)
def test_only_ppo_goes_from_offline_to_online(name):
    recipe = make_recipe(name, algorithm="DQN")
    with pytest.raises(InvalidPolicy, match="make PPO policies; got DQN"):
        recipe.warm_trainer(CARTPOLE)


@pytest.mark.parametrize("name", [n for n in CHAINS if n != "warm-start-ppo"])
def test_state_dependent_noise_is_refused(name):
    defaults = TrainingDefaults(origin="a test", steps=1, hyperparameters={"use_sde": True})
    recipe = make_recipe(name, algorithm="PPO", defaults=defaults)
    with pytest.raises(
        InvalidExperiment, match=r"pendulum is trained with gSDE.*Set use_sde = false"
    ):
        recipe.warm_trainer(PENDULUM)


@pytest.mark.parametrize("name", CHAINS)
def test_several_contexts_are_refused(name):
    with pytest.raises(InvalidExperiment, match=r"the recipe '.*' trains on 1 context; got 2"):
        make_recipe(name).problems(CARTPOLE, [{"length": 0.2}, {"length": 0.4}])


@pytest.mark.parametrize("name", [n for n in CHAINS if n != "offline-only"])
def test_stopping_recording_and_the_budget_reach_the_last_stage(name):
    stop = StoppingRule(1.0)
    defaults = TrainingDefaults(origin="a test", steps=777, n_envs=3)
    recipe = make_recipe(name, algorithm="PPO", defaults=defaults, stop=stop, record=55)
    last = recipe.warm_trainer(CARTPOLE).stages[-1]
    assert (last.stop, last.record) == (stop, 55)
    settings = getattr(last, "settings", last)
    assert (settings.steps, settings.n_envs) == (777, 3)


def test_all_stages_look_at_the_data_alike():
    for name in ("uni-o4", "uni-o4-faithful", "iql-fine-tune", "clone-then-ppo-fitted"):
        stages = make_recipe(name).data_trainer(CARTPOLE).stages
        views = [stage.view for stage in stages if hasattr(stage, "view")]
        assert len(views) >= 2
        assert all(view == views[0] for view in views)
        assert views[0].gamma == 0.99
        assert views[0].bandwidth is not None


def test_ours_and_the_papers_differ_where_they_should():
    ours, paper = (make_recipe(n).data_trainer(CARTPOLE) for n in ("uni-o4", "uni-o4-faithful"))
    improvements = [stage_of(t, Improvement) for t in (ours, paper)]
    assert [type(i.scorer) for i in improvements] == [ModelReturn, AMQ]
    assert [type(i.gate) for i in improvements] == [PairedGate, BestSoFar]
    assert [i.kl_budget for i in improvements] == [0.5, None]
    assert [i.trust for i in improvements] == [0.035, 0.0]
    assert [stage_of(t, Cloning).diversity for t in (ours, paper)] == [0.0, 0.1]
    assert [stage_of(t, FineTuning).pace.warm_up for t in (ours, paper)] == [4, 0]
    assert stage_of(paper, FineTuning).pace.desired_kl is None
    sizes = [[(s.steps, s.batch) for s in t.stages[:-1]] for t in (ours, paper)]
    assert sizes[0] == sizes[1]


def test_the_controls_clone_once():
    plain, fitted = (
        make_recipe(n).data_trainer(CARTPOLE) for n in ("clone-then-ppo", "clone-then-ppo-fitted")
    )
    assert stage_of(plain, Cloning).members == stage_of(fitted, Cloning).members == 1
    assert isinstance(stage_of(fitted, FitValue).target, Returns)
    uni = make_recipe("uni-o4").data_trainer(CARTPOLE)
    assert isinstance(stage_of(uni, FitValue).target, CriticValues)
    tuned, scratch = stage_of(plain, FineTuning), make_recipe("from-scratch").trainer(CARTPOLE)
    assert tuned.settings == scratch.stages[0].settings
    assert (tuned.pace.actor_rate, tuned.pace.critic_rate) == (None, "lin_0.003")
    assert stage_of(fitted, FineTuning).pace == replace(tuned.pace, warm_up=4)
    assert stage_of(uni, FineTuning) == stage_of(fitted, FineTuning)


def test_clones_have_the_networks_of_a_policy_from_scratch():
    defaults = TrainingDefaults(
        origin="a test",
        steps=1,
        hyperparameters={"policy_kwargs": {"net_arch": {"pi": [9], "vf": [7, 7]}}},
    )
    recipe = make_recipe("uni-o4", algorithm="PPO", defaults=defaults)
    network = stage_of(recipe.data_trainer(CARTPOLE), Cloning).network
    assert (network.actor, network.critic, network.activation) == ((9,), (7, 7), "tanh")


@pytest.mark.parametrize("name", CHAINS)
def test_an_unknown_setting_is_a_sentence(name):
    defaults = TrainingDefaults(origin="", steps=1, hyperparameters={"n_stepz": 3})
    with pytest.raises(RLTransferError, match="n_stepz"):
        make_recipe(name, algorithm="PPO", defaults=defaults).warm_trainer(CARTPOLE)


# -- the whole chain -------------------------------------------------------------------------------

SMALL = {
    "cloning": {"steps": 1200},
    "IQL critic": {
        "steps": 5000,
        "hidden": (64, 64),
        "batch": 128,
        "learning_rate": 1e-3,
        "polyak": 0.02,
    },
    "dynamics": {"steps": 1200, "hidden": (64, 64), "batch": 128},
    "offline PPO": {"steps": 400, "batch": 256, "starts": 32, "learning_rate": 1e-3},
    "value function": {"steps": 600},
}


@pytest.mark.slow
def test_uni_o4_leaves_its_clones_far_behind_and_online_training_keeps_that():
    """CartPole, 6,000 random steps, of which clones learn to fall; then 10,000 steps online."""
    problem = TrainingProblem(CARTPOLE, [{}])

    class Watch(SilentMonitor):
        def score(self, policy):
            found = evaluate(policy, problem.env, problem.contexts, 10, seed=1)
            return float(found.returns.mean())

    watch = Watch()
    data = collect(CARTPOLE, [{}], UniformRandom.of(CARTPOLE), 6_000, seed=2)
    defaults = CARTPOLE.spec.training["PPO"].model_copy(update={"steps": 10_000})
    recipe = make_recipe("uni-o4", algorithm="PPO", defaults=defaults)
    stages = [replace(s, **SMALL.get(s.name, {})) for s in recipe.data_trainer(CARTPOLE).stages]
    result = Trainer(stages).train(problem, seed=3, monitor=watch, start=HeadStart(data=data))
    cloned, improved, tuned = (
        watch.score(result.results[result.stages.index(name)].policy)
        for name in ("cloning", "offline PPO", "fine-tuning")
    )
    assert cloned < 2 * np.mean(data.episode_returns)
    assert improved > 200.0
    assert result.curve[0] == (0, improved)
    assert tuned >= improved
    assert result.steps >= 10_000
