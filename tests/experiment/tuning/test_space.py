import optuna
import pytest

from rltransfer.envs import make
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.tuning.axis import Axis
from rltransfer.experiment.tuning.published import SPACES, published_space
from rltransfer.experiment.tuning.space import SearchSpace, nested
from rltransfer.training.algorithms import ALGORITHMS, defaults_of, resolve
from rltransfer.training.hyperparameters import check_hyperparameters


@pytest.mark.parametrize("algorithm", SPACES)
def test_whatever_a_published_space_holds_the_algorithm_takes(algorithm):
    space = published_space(algorithm)
    space.require_known(algorithm)
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(sampler=sampler)
    for _ in range(30):
        params = study.ask(space.distributions).params
        check_hyperparameters(algorithm, nested(space.values(params)))


def test_every_algorithm_has_a_space():
    assert set(SPACES) == set(ALGORITHMS)


def test_gradient_steps_follow_the_training_frequency():
    values = published_space("SAC").values(
        {name: first(d) for name, d in published_space("SAC").distributions.items()}
    )
    assert values["gradient_steps"] == values["train_freq"] == 1


def first(distribution):
    choices = getattr(distribution, "choices", None)
    return distribution.low if choices is None else choices[0]


def test_parameters_are_translated_back():
    axes = {
        "gamma": Axis(range=(0.9, 0.999), scale="complement"),
        "n_steps": Axis(range=(32, 512), scale="power-of-2"),
    }
    space = SearchSpace(axes, "test")
    assert set(space.distributions) == {"1 - gamma", "log2 n_steps"}
    values = space.values({"1 - gamma": 0.01, "log2 n_steps": 7})
    assert values == {"gamma": 0.99, "n_steps": 128}


def test_dotted_names_become_tables():
    values = {"gamma": 0.9, "policy_kwargs.net_arch": [64], "policy_kwargs.activation_fn": "relu"}
    assert nested(values) == {
        "gamma": 0.9,
        "policy_kwargs": {"net_arch": [64], "activation_fn": "relu"},
    }


def test_rollouts_are_not_longer_than_the_steps_allow():
    env = make("cartpole")
    _, defaults = defaults_of(env, "PPO")
    space = published_space("PPO").fitted(100)
    values = space.values({n: getattr(d, "high", None) or d.choices[-1]
                           for n, d in space.distributions.items()})  # fmt: skip
    assert values["n_steps"] == 64
    resolve("PPO", defaults, env, nested(values))


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"learning_rat": Axis(choices=[1])}, "space.learning_rat: PPO has no such .*did you mean"),
        ({"gamma": Axis(same_as="tau")}, "same as 'tau', which is not searched"),
    ],
)
def test_a_name_that_is_none(axes, message):
    with pytest.raises(InvalidExperiment, match=message):
        SearchSpace(axes, "test").require_known("PPO")
