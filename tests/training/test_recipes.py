from __future__ import annotations

import pytest

import rltransfer
from rltransfer.envs import TrainingDefaults
from rltransfer.errors import InvalidExperiment, UnknownName
from rltransfer.training import (
    RECIPES,
    FromScratch,
    Independent,
    MultiTask,
    StoppingRule,
    Trainer,
    make_recipe,
)

CARTPOLE = rltransfer.make("cartpole")
CONTEXTS = CARTPOLE.space.select(["length"]).grid(3)
DEFAULTS = TrainingDefaults(origin="a test", steps=640, hyperparameters={"n_steps": 64})


def test_from_scratch_trains_one_context():
    (problem,) = FromScratch().problems(CARTPOLE, CONTEXTS[:1])
    assert problem.context["length"] == CONTEXTS[0]["length"]
    with pytest.raises(InvalidExperiment, match=r"1 context; got 3. .*use 'multi-task'"):
        FromScratch().problems(CARTPOLE, CONTEXTS)


def test_multi_task_makes_one_problem_of_all():
    (problem,) = MultiTask(observe=("length",)).problems(CARTPOLE, CONTEXTS)
    assert len(problem.contexts) == 3
    assert problem.observe == ("length",)


def test_independent_makes_one_problem_of_each():
    problems = Independent().problems(CARTPOLE, CONTEXTS)
    assert [p.context["length"] for p in problems] == [x["length"] for x in CONTEXTS]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("from-scratch", FromScratch), ("multi-task", MultiTask), ("independent", Independent)],
)
def test_recipes_are_built_by_name(name, kind):
    recipe = make_recipe(name, algorithm="DQN", defaults=DEFAULTS.model_copy(), observe=["length"])
    assert type(recipe) is kind
    assert recipe.observe == ("length",)
    with pytest.raises(InvalidExperiment, match="DQN cannot choose"):
        make_recipe(name, algorithm="DQN").trainer(rltransfer.make("pendulum"))


def test_an_unknown_recipe_is_named():
    with pytest.raises(UnknownName, match="unknown recipe 'multitask'; did you mean 'multi-task'"):
        make_recipe("multitask")


def test_a_trainer_has_the_settings_given_or_the_familys():
    (stage,) = (
        make_recipe("multi-task", algorithm="PPO", defaults=DEFAULTS).trainer(CARTPOLE).stages
    )
    assert stage.name == "PPO"
    assert stage.settings.steps == 640
    (stage,) = make_recipe("multi-task").trainer(CARTPOLE).stages
    name, defaults = next(iter(CARTPOLE.spec.training.items()))
    assert (stage.name, stage.settings.steps) == (name, defaults.steps)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_built_and_trains_from_nothing(name):
    recipe = make_recipe(name)
    (problem,) = recipe.problems(CARTPOLE, CONTEXTS[:1])
    assert problem.context["length"] == CONTEXTS[0]["length"]
    (stage,) = recipe.trainer(CARTPOLE).stages
    assert stage.name == "PPO"
    assert isinstance(recipe.inherits, bool)


@pytest.mark.parametrize("name", RECIPES)
def test_stopping_and_recording_reach_the_training(name):
    stop = StoppingRule(400.0)
    (stage,) = make_recipe(name, stop=stop, record=123).trainer(CARTPOLE).stages
    assert (stage.stop, stage.record) == (stop, 123)


@pytest.mark.parametrize("name", ["from-scratch", "multi-task", "independent"])
def test_learning_from_scratch_uses_no_data_and_inherits_nothing(name):
    recipe = make_recipe(name)
    assert not recipe.inherits
    with pytest.raises(InvalidExperiment, match=r"cannot use recorded data\. Use .* 'uni-o4'"):
        recipe.data_trainer(CARTPOLE)
    warm = recipe.warm_trainer(CARTPOLE)
    assert isinstance(warm, Trainer)
    assert warm == recipe.trainer(CARTPOLE)
