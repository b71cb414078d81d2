import tomllib

import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.tuning import Tuning


def test_a_resolved_tuning_says_everything(described):
    tuning = described()
    again = Tuning.checked(tomllib.loads(tuning.to_toml()), "again")
    assert again == tuning == tuning.resolved()
    assert again.digest == tuning.digest
    assert tuning.training.origin is not None
    assert tuning.contexts.digest == tuning.contexts.space(tuning.env).digest


def test_more_trials_are_the_same_tuning(described):
    assert described(trials=3).digest == described(trials=30).digest
    assert described(seed=1).digest != described().digest


def test_contexts_are_the_middles_of_equal_parts(described):
    tuning = described(contexts={"vary": ["length"], "count": 4})
    units = tuning.contexts.space(tuning.env).to_unit(tuning.where)[:, 0]
    assert units.tolist() == pytest.approx([1 / 8, 3 / 8, 5 / 8, 7 / 8])


def test_contexts_of_several_features_are_spread_and_seeded(described):
    two = {"vary": ["length", "masspole"], "count": 8}
    tuning = described(contexts=two)
    units = tuning.contexts.space(tuning.env).to_unit(tuning.where)
    assert units.shape == (8, 2)
    for column in units.T:  # a Sobol design has one point in each eighth
        assert sorted((column * 8).astype(int)) == list(range(8))
    assert tuning.where == described(contexts=two).where
    assert tuning.where != described(contexts=two, seed=1).where


def test_settings_reach_the_algorithm(described):
    space = {
        "learning_rate": {"range": [1e-4, 1e-2], "scale": "log"},
        "n_envs": {"choices": [4, 8]},
        "policy_kwargs": {"net_arch": {"choices": [[32], [64, 64]]}},
    }
    tuning = described(space=space)
    values = {"learning_rate": 1e-3, "n_envs": 8, "policy_kwargs.net_arch": [32]}
    settings = tuning.study(values).training_defaults()
    assert settings.n_envs == 8
    assert settings.hyperparameters["learning_rate"] == 1e-3
    assert settings.hyperparameters["policy_kwargs"] == {"net_arch": [32]}
    assert settings.hyperparameters["n_steps"] == 64  # the family's own


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training": {"recipe": "uni-o4"}}, "training.recipe must be 'from-scratch' in a tuning"),
        ({"training": {"tensorboard": "logs"}}, "does not go with a tuning"),
        ({"contexts": {"vary": ["length"], "count": 0}}, "contexts.count"),
        ({"trials": 0}, "trials must be at least 1; got 0"),
        ({"name": "a/b"}, "name must be 1 to 64"),
        ({"space": {}}, "space"),
        ({"spaec": {}}, "spaec: this key is unknown"),
        ({"format": 2}, "format"),
    ],
)
def test_what_no_tuning_can_be(described, changes, message):
    with pytest.raises(InvalidExperiment, match=message):
        described(**changes)
