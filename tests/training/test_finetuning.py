"""Fine-tuning begins exactly where a policy stands, and moves no faster than its pace."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import stable_baselines3
import torch

import rltransfer
from rltransfer.envs import ContextualEnv, TrainingDefaults, load_catalog
from rltransfer.errors import InvalidExperiment, InvalidPolicy
from rltransfer.evaluation import evaluate
from rltransfer.training import (
    FineTuning,
    HeadStart,
    Pace,
    Policy,
    SilentMonitor,
    StoppingRule,
    TrainingProblem,
    fine_tuner,
    resolve,
)
from rltransfer.training.fine_tuner import FineTuner
from rltransfer.training.finetuning import careful, family_pace, warmed_pace
from rltransfer.training.offline.actors import ActorStack, ValueStack
from rltransfer.training.sb3_agent import policy_of
from rltransfer.training.sb3_export import export_sb3
from rltransfer.training.surroundings import make_venv
from tests.training.offline.policy_toys import (
    observations,
    problem_of,
    random_policy,
    same,
    same_weights,
    statistics,
)

STILL = Pace(0.0, 0.0, desired_kl=None, warm_up=0)
ROLLOUT = 64
ACTOR, CRITIC = (
    ("mlp_extractor.policy_net", "action_net", "log_std"),
    (
        "mlp_extractor.value_net",
        "value_net",
    ),
)


class Scores:
    """Scores like an experiment does, and remembers the scores."""

    def __init__(self, problem):
        self.problem, self.scores = problem, []

    def score(self, policy):
        self.scores.append(mean_return(policy, self.problem))
        return self.scores[-1]

    def report(self, steps, total, score):
        pass


def mean_return(policy, problem):
    return float(evaluate(policy, problem.env, problem.contexts, 4, seed=3).returns.mean())


USUAL = Pace()


def stage_of(problem, pace=USUAL, rollouts=1, stop=None, record=0, **changes):
    given = {"n_steps": ROLLOUT // 2, "batch_size": 32, "n_epochs": 2, **changes}
    defaults = TrainingDefaults(origin="a test", steps=ROLLOUT * rollouts, n_envs=2)
    settings = resolve("PPO", defaults, problem.env, given)
    return FineTuning(settings, stop=stop, record=record, pace=pace)


def tuned(policy, problem, stage, seed=0, monitor=None):
    watch = monitor or SilentMonitor()
    return stage.run(problem, HeadStart(policy=policy), np.random.SeedSequence(seed), watch)


def parts(policy, prefixes):
    return {n: w for n, w in policy.weights.items() if n.startswith(prefixes)}


@pytest.fixture(
    params=[(env, norm) for env in ("cartpole", "pendulum") for norm in ("raw", "normalized")],
    ids="-".join,
)
def given(request):
    """A problem and a policy for it."""
    env, norm = request.param
    problem = problem_of(env)
    size = problem.env.batch([problem.env.space.default]).observation_space.shape[0]
    return problem, random_policy(problem, statistics(size) if norm == "normalized" else None)


@pytest.fixture
def agent(given):
    problem, policy = given
    venv = make_venv(problem, 2, np.random.default_rng(0))
    yield stage_of(problem).agent(venv, problem, HeadStart(policy=policy), 0)
    venv.close()


def standardised(agent, x):
    venv = agent.get_vec_normalize_env()
    return x if venv is None else venv.normalize_obs(x)


# -- the hand-over -------------------------------------------------------------------------------


def test_the_agent_acts_as_the_policy_does(given, agent):
    _, policy = given
    x = observations(policy.observation_size)
    actions, _ = agent.predict(standardised(agent, x), deterministic=True)
    assert np.abs(actions - policy.act(x)).max() < 1e-6


def test_likelihoods_and_values_are_those_of_the_offline_stages(given, agent):
    _, policy = given
    z = torch.as_tensor(standardised(agent, observations(policy.observation_size)))
    actors = ActorStack([policy])
    with torch.no_grad():
        head = actors(z[None])
        actions = head.sample(torch.Generator().manual_seed(0))
        values, likelihoods, _ = agent.policy.evaluate_actions(z, actions[0])
        expected = ValueStack([policy])(z[None])[0]
    assert (likelihoods - head.log_prob(actions)[0]).abs().max() < 1e-5
    assert (values[:, 0] - expected).abs().max() < 1e-5
    assert likelihoods.std() > 0.01


def test_the_agents_policy_is_the_given_one_also_after_saving(given, agent, tmp_path):
    problem, policy = given
    known = dict(policy.spec.provenance)
    taken = policy_of(agent, problem, known)
    taken.save(tmp_path)
    assert same(taken, policy)
    assert same(Policy.load(tmp_path), policy)


def test_rewards_are_scaled_as_the_policys_value_function_counts(given, agent):
    _, policy = given
    venv = agent.get_vec_normalize_env()
    if policy.spec.normalization is None:
        assert venv is None
    else:
        assert venv.normalize_reward(np.array([3.0])) == pytest.approx(3.0 / 2.0)
        assert venv.gamma == agent.gamma


def test_a_policy_of_raw_rewards_gets_raw_rewards():
    problem = problem_of("pendulum")
    policy = random_policy(problem, statistics(3, return_var=None))
    result = tuned(policy, problem, stage_of(problem)).policy
    assert result.spec.normalization == policy.spec.normalization


def test_without_step_sizes_nothing_changes_and_every_look_gives_the_policys_own_score(given):
    problem, policy = given
    watch = Scores(problem)
    result = tuned(policy, problem, stage_of(problem, STILL, rollouts=2), monitor=watch)
    own = mean_return(policy, problem)
    assert result.curve[0] == (0, own)
    assert watch.scores == [own] * len(watch.scores)
    assert result.steps == 2 * ROLLOUT
    assert same_weights(result.policy, policy)


def test_statistics_stay_as_they_were(given):
    problem, policy = given
    result = tuned(policy, problem, stage_of(problem, rollouts=3)).policy
    assert not same_weights(result, policy)
    assert result.spec.normalization == policy.spec.normalization


# -- pace ----------------------------------------------------------------------------------------


def test_while_the_critic_warms_up_the_actor_rests(given):
    problem, policy = given
    result = tuned(policy, problem, stage_of(problem, Pace(warm_up=2), rollouts=2)).policy
    for name, weight in parts(result, ACTOR).items():
        np.testing.assert_array_equal(weight, policy.weights[name])
    for name, weight in parts(result, CRITIC).items():
        assert not np.array_equal(weight, policy.weights[name])
    after = tuned(policy, problem, stage_of(problem, Pace(warm_up=2), rollouts=3)).policy
    for name, weight in parts(after, ACTOR).items():
        assert not np.array_equal(weight, policy.weights[name])


def test_each_network_has_its_own_step_size():
    problem = problem_of("pendulum")
    policy = random_policy(problem, statistics(3))
    pace = Pace(actor_rate=1e-5, critic_rate=1e-2, desired_kl=None, warm_up=0)
    result = tuned(policy, problem, stage_of(problem, pace)).policy
    updates = 2 * ROLLOUT // 32

    def moved(prefixes):
        found = [np.abs(w - policy.weights[n]).max() for n, w in parts(result, prefixes).items()]
        return max(found)

    assert 1e-5 <= moved(ACTOR) <= updates * 1.2e-5
    assert 1e-3 <= moved(CRITIC) <= updates * 1.2e-2


def test_without_a_step_size_of_its_own_the_actor_takes_the_critics_falling_one(monkeypatch):
    """As PPO from scratch does: on a line to 0, here over four rollouts."""
    seen = []

    class Watched(FineTuner):
        def _update_learning_rate(self, optimizers):
            super()._update_learning_rate(optimizers)
            seen.append([group["lr"] for group in self.policy.optimizer.param_groups])

    monkeypatch.setattr(fine_tuner, "FineTuner", Watched)
    problem = problem_of("cartpole")
    pace = Pace(None, "lin_0.01", desired_kl=0.01, warm_up=0)
    tuned(random_policy(problem), problem, stage_of(problem, pace, rollouts=4))
    assert [pair[0] for pair in seen] == [pair[1] for pair in seen]
    assert [pair[0] for pair in seen] == pytest.approx([0.0075, 0.005, 0.0025, 0.0])


def test_the_best_policy_is_kept_even_if_it_is_the_start():
    problem = problem_of("cartpole")
    policy = random_policy(problem)

    class Falling(SilentMonitor):
        def __init__(self):
            self.next = 0.0

        def score(self, policy):
            self.next -= 1.0
            return self.next

    wild = Pace(1e-2, 1e-2, desired_kl=None, warm_up=0)
    result = tuned(policy, problem, stage_of(problem, wild, rollouts=3), monitor=Falling())
    assert same_weights(result.policy, policy)
    assert result.policy.spec.provenance["steps"] == "0"
    assert len(result.curve) >= 3


def test_a_start_that_is_good_enough_costs_no_step_of_the_environments():
    problem = problem_of("cartpole")
    stop = StoppingRule(0.0, patience=1)
    stage = stage_of(problem, rollouts=5, stop=stop)
    result = tuned(random_policy(problem), problem, stage, monitor=Scores(problem))
    assert result.steps == 0
    assert result.findings == {"stopped early": True}


def test_the_same_seed_gives_the_same_weights(given):
    problem, policy = given
    stage = stage_of(problem, rollouts=2)
    first, again = (tuned(policy, problem, stage, seed=4).policy for _ in range(2))
    assert same(first, again)
    assert not same_weights(first, tuned(policy, problem, stage, seed=5).policy)


def test_plain_ppo_loads_what_fine_tuning_exports(given, tmp_path):
    problem, policy = given
    result = tuned(policy, problem, stage_of(problem, rollouts=2)).policy
    loaded = stable_baselines3.PPO.load(export_sb3(result, tmp_path / "tuned"))
    assert type(loaded) is stable_baselines3.PPO
    x = observations(policy.observation_size, seed=1)
    np.testing.assert_allclose(loaded.predict(x, deterministic=True)[0], result.act(x), atol=1e-5)


def test_it_records_raw_transitions_below_the_normalization():
    problem = problem_of("pendulum")
    policy = random_policy(problem, statistics(3))
    found = tuned(policy, problem, stage_of(problem, record=1000)).recorded
    assert len(found) == ROLLOUT
    cos, sin = found.observations[:, 0], found.observations[:, 1]
    np.testing.assert_allclose(cos**2 + sin**2, 1.0, atol=1e-5)
    assert found.rewards.min() > -16.3
    assert found.rewards.max() <= 0.0


def test_what_cannot_be_continued_is_refused_in_a_sentence():
    problem = problem_of("cartpole")
    stage = stage_of(problem)
    with pytest.raises(InvalidExperiment, match="'fine-tuning' needs a policy to start from"):
        tuned(None, problem, stage)
    policy = random_policy(problem)
    stranger = Policy(policy.spec.model_copy(update={"algorithm": "A2C"}), policy.weights)
    with pytest.raises(InvalidPolicy, match="its algorithm is 'A2C', and the settings make 'PPO'"):
        tuned(stranger, problem, stage)
    with pytest.raises(InvalidPolicy, match="its observation_space is "):
        tuned(policy, problem_of("cartpole", ("length",)), stage)


@pytest.mark.parametrize("algorithm_uses_sde", [False, True])
def test_a_plain_policy_goes_on_plainly_whatever_noise_the_family_uses(algorithm_uses_sde):
    problem = problem_of("mountain_car_continuous")
    policy = random_policy(problem, statistics(2))
    stage = stage_of(problem, STILL, use_sde=algorithm_uses_sde)
    assert same_weights(tuned(policy, problem, stage).policy, policy)


def test_a_policy_with_state_dependent_noise_keeps_it():
    problem = problem_of("pendulum")
    network = random_policy(problem).spec.network.model_copy(update={"use_sde": True})
    policy = random_policy(problem, network=network)
    assert same_weights(
        tuned(policy, problem, stage_of(problem, STILL, use_sde=True)).policy, policy
    )


# -- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "n_envs", "n_steps", "batch", "horizon", "expected"),
    [
        ("cartpole", 16, 64, 256, 500, (256, 256)),  # 8 episodes: 4,000, up to 4,096
        ("cartpole", 1, 2048, 64, 100, (2048, 256)),  # long enough
        ("cartpole", 1, 2048, 64, 1000, (8192, 256)),
        ("cartpole", 4, 512, 64, 5000, (2048, 256)),  # at most 8192
        ("cartpole", 1, 16_384, 64, 5000, (16_384, 256)),  # unless the family asks for more
        ("cartpole", 3, 100, 64, 200, (768, 256)),  # 1,600, up to 2,304 = 9 · 256
        ("cartpole", 1, 16, 16, 10, (256, 256)),  # at least a minibatch
        ("cartpole", 4, 512, 300, 100, (525, 300)),  # 2,048, up to 2,100 = 7 · 300
        ("cartpole", 1, 2048, 1024, 100, (2048, 512)),  # minibatches are no larger than 512
    ],
)
def test_careful_rollouts_have_eight_episodes(env, n_envs, n_steps, batch, horizon, expected):
    defaults = TrainingDefaults(origin="a test", steps=1, n_envs=n_envs)
    given = {"n_steps": n_steps, "batch_size": batch, "gamma": 0.9}
    settings = careful(resolve("PPO", defaults, rltransfer.make(env), given), horizon)
    found = settings.hyperparameters
    assert (found["n_steps"], found["batch_size"]) == expected
    assert found["gamma"] == 0.9
    assert replace(settings, hyperparameters=given) == resolve(
        "PPO", defaults, rltransfer.make(env), given
    )


@pytest.mark.parametrize(
    "spec", [s for s in load_catalog() if "PPO" in s.training], ids=lambda spec: spec.id
)
def test_minibatches_divide_careful_rollouts_evenly(spec):
    family = resolve("PPO", spec.training["PPO"], ContextualEnv(spec))
    settings = careful(family, spec.horizon)
    found, rollout = settings.hyperparameters, settings.n_envs * settings.hyperparameters["n_steps"]
    assert rollout % found["batch_size"] == 0
    assert 256 <= found["batch_size"] <= 512
    wanted = max(
        min(8 * spec.horizon, 8192), family.n_envs * family.hyperparameters.get("n_steps", 2048)
    )
    assert wanted <= rollout < wanted + found["batch_size"] * family.n_envs  # no more than it takes
    kept = ("n_steps", "batch_size")
    assert {k: v for k, v in found.items() if k not in kept} == {
        k: v for k, v in family.hyperparameters.items() if k not in kept
    }
    assert replace(settings, hyperparameters=family.hyperparameters) == family


@pytest.mark.parametrize(
    ("given", "rate", "norm"),
    [
        ({}, 3e-4, 0.5),
        ({"learning_rate": 1e-3, "max_grad_norm": 2.0}, 1e-3, 2.0),
        ({"learning_rate": "lin_0.003"}, "lin_0.003", 0.5),
    ],
)
def test_the_familys_pace_is_that_of_ppo_from_scratch(given, rate, norm):
    problem = problem_of("cartpole")
    settings = resolve("PPO", TrainingDefaults(origin="", steps=1), problem.env, given)
    assert family_pace(settings) == Pace(None, rate, desired_kl=None, warm_up=0, max_norm=norm)


@pytest.mark.parametrize(
    ("n_envs", "n_steps", "horizon", "rollouts"),
    [(16, 64, 500, 4), (8, 2048, 1000, 1), (4, 200, 200, 2), (1, 2048, 10_000, 4)],
)
def test_the_critic_warms_up_over_eight_episodes_or_8192_steps(n_envs, n_steps, horizon, rollouts):
    problem, given = problem_of("cartpole"), {"n_steps": n_steps}
    settings = resolve(
        "PPO", TrainingDefaults(origin="", steps=1, n_envs=n_envs), problem.env, given
    )
    warmed = warmed_pace(settings, horizon)
    assert warmed == replace(family_pace(settings), warm_up=rollouts)


def test_a_multi_task_policy_goes_on_in_all_its_contexts():
    env = rltransfer.make("cartpole")
    problem = TrainingProblem(env, [{"length": 0.2}, {"length": 1.0}], ["length"])
    policy = random_policy(problem, statistics(5))
    result = tuned(policy, problem, stage_of(problem, STILL))
    assert same_weights(result.policy, policy)
    assert result.policy.spec.context is None
    assert math.isfinite(mean_return(result.policy, problem))
