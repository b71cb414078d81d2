from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from rltransfer.errors import InvalidPolicy
from rltransfer.training import Policy


def test_acts_as_stable_baselines3_predicts(trained):
    observations = trained.observations(np.random.default_rng(1))
    ours, theirs = trained.policy.act(observations), trained.predict(observations)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    if np.issubdtype(theirs.dtype, np.integer):
        np.testing.assert_array_equal(ours, theirs)
        assert len(set(ours.tolist())) > 1
    else:
        np.testing.assert_allclose(ours, theirs, atol=1e-5, rtol=1e-5)
        assert ours.std() > 0.01


@pytest.mark.parametrize("far", [30.0, 1e4])
def test_clips_observations_as_stable_baselines3_does(trained, far):
    observations = trained.observations(np.random.default_rng(2), far=far)
    ours, theirs = trained.policy.act(observations), trained.predict(observations)
    np.testing.assert_allclose(ours, theirs, atol=2e-4, rtol=1e-4)


def test_actions_of_a_row_do_not_depend_on_other_rows(trained):
    observations = trained.observations(np.random.default_rng(3), n=7)
    alone = np.concatenate([trained.policy.act(row[None]) for row in observations])
    np.testing.assert_allclose(trained.policy.act(observations), alone, atol=1e-5)


def test_acting_changes_neither_observations_nor_weights(trained):
    observations = trained.observations(np.random.default_rng(4), n=5)
    before = observations.copy()
    first = trained.policy.act(observations)
    np.testing.assert_array_equal(trained.policy.act(observations), first)
    np.testing.assert_array_equal(observations, before)


def test_weights_are_the_whole_policy_and_read_only(trained):
    state = trained.agent.policy.state_dict()
    assert set(trained.policy.weights) == set(state)
    for name, weight in trained.policy.weights.items():
        np.testing.assert_array_equal(weight, state[name].numpy())
        with pytest.raises(ValueError, match="read-only"):
            weight[...] = 0.0


def test_refuses_observations_of_another_shape(policy):
    with pytest.raises(InvalidPolicy, match=r"shape \(n, 4\); got \(1, 5\)"):
        policy.act(np.zeros((1, 5), dtype=np.float32))
    with pytest.raises(InvalidPolicy, match=r"got \(4,\)"):
        policy.act(np.zeros(4, dtype=np.float32))


def test_refuses_weights_that_are_not_the_specs(policy):
    def changed(**weights):
        return Policy(policy.spec, {**policy.weights, **weights})

    name = "action_net.bias"
    with pytest.raises(InvalidPolicy, match=r"no weight 'extra'"):
        changed(extra=np.zeros(1))
    with pytest.raises(InvalidPolicy, match=r"'action_net.bias' must have the shape \(2,\); got"):
        changed(**{name: np.zeros(3)})
    with pytest.raises(InvalidPolicy, match=r"'action_net.bias' has values that are not finite"):
        changed(**{name: np.array([1.0, np.nan])})
    rest = {key: value for key, value in policy.weights.items() if key != name}
    with pytest.raises(InvalidPolicy, match=r"'action_net.bias' of a PPO policy is missing"):
        Policy(policy.spec, rest)


def test_travels_between_processes(trained):
    observations = trained.observations(np.random.default_rng(6), n=5)
    expected = trained.policy.act(observations)
    again = pickle.loads(pickle.dumps(trained.policy))
    assert again.spec == trained.policy.spec
    np.testing.assert_array_equal(again.act(observations), expected)


def test_knows_what_evaluation_asks_for(policy):
    assert policy.observe == ()
    assert policy.observation_size == 4
    assert repr(policy).startswith("<Policy PPO for cartpole[gravity=9.8,")


def test_loading_and_acting_import_neither_torch_nor_sb3(policy, tmp_path):
    policy.save(tmp_path)
    code = f"""
import sys
from pathlib import Path
import numpy as np
import rltransfer.training
from rltransfer.training.policy import Policy
policy = Policy.load(Path({str(tmp_path)!r}))
print(policy.act(np.ones((3, 4), dtype=np.float32)).tolist())
heavy = [name for name in ("torch", "stable_baselines3", "pandas") if name in sys.modules]
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(policy.act(np.ones((3, 4), dtype=np.float32)).tolist())
