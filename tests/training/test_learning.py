"""That training learns, in seconds."""

from __future__ import annotations

import numpy as np
import pytest

import rltransfer
from rltransfer.evaluation import evaluate
from rltransfer.training import make_recipe


class Score:
    def __init__(self, problem):
        self.problem = problem

    def score(self, policy):
        found = evaluate(policy, self.problem.env, self.problem.contexts, 10, seed=1)
        return float(found.returns.mean())

    def report(self, steps, total, score):
        pass


class Coin:
    """A policy that acts at random."""

    observe = ()

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def act(self, observations):
        return self.rng.integers(2, size=len(observations))


def learnt(env, recipe, contexts, seed=0):
    (problem,) = recipe.problems(env, contexts)
    result = recipe.trainer(env).train(problem, seed=seed, monitor=Score(problem))
    return evaluate(result.policy, env, problem.contexts, 30, seed=99).returns


@pytest.mark.parametrize("length", [0.1, 0.5])
def test_a_pole_is_learnt_in_a_tenth_of_the_budget(length):
    env = rltransfer.make("cartpole")
    own = env.spec.training["PPO"]
    recipe = make_recipe(
        "from-scratch", algorithm="PPO", defaults=own.model_copy(update={"steps": own.steps // 8})
    )
    chance = evaluate(Coin(), env, [{"length": length}], 30, seed=99).returns.mean()
    assert learnt(env, recipe, [{"length": length}]).mean() > 5 * chance


def test_one_policy_learns_many_poles():
    env = rltransfer.make("cartpole")
    own = env.spec.training["PPO"].model_copy(update={"steps": 20_000})
    recipe = make_recipe("multi-task", algorithm="PPO", defaults=own, observe=["length"])
    returns = learnt(env, recipe, [{"length": 0.1}, {"length": 0.3}, {"length": 0.6}])
    assert (returns.mean(axis=1) > 100).all()
