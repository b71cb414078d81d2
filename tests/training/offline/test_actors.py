"""A stack of actors is the policies that it is made of, there and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rltransfer.errors import InvalidPolicy
from rltransfer.training import Policy
from rltransfer.training.actor import standardiser
from rltransfer.training.offline.actors import LOWEST_LOG_STD, ActorStack, ValueStack
from rltransfer.training.offline.stack import StackAdam
from tests.training.offline.policy_toys import (
    NETWORK,
    observations,
    problem_of,
    random_policy,
    same,
    statistics,
)

CASES = [
    (env, norm) for env in ("cartpole", "pendulum", "acrobot") for norm in ("raw", "normalized")
]


@pytest.fixture(params=CASES, ids="-".join)
def policies(request):
    env, norm = request.param
    problem = problem_of(env)
    size = random_policy(problem).observation_size
    stats = statistics(size) if norm == "normalized" else None
    return [random_policy(problem, stats, seed=k) for k in range(3)]


def standardised(policies, x):
    return torch.from_numpy(np.stack([standardiser(p.spec.normalization)(x) for p in policies]))


def test_policies_come_back_bit_for_bit(policies):
    for stack in (ActorStack(policies), ValueStack(policies)):
        assert all(same(one, other) for one, other in zip(stack.policies(), policies, strict=True))


def test_the_mode_within_bounds_is_what_the_policy_does(policies):
    x = observations(policies[0].observation_size)
    stack = ActorStack(policies)
    with torch.no_grad():
        found = stack.bounded(stack(standardised(policies, x)).mode()).numpy()
    for k, policy in enumerate(policies):
        np.testing.assert_allclose(found[k], policy.act(x), atol=1e-6)
    assert stack.size == 3


def test_some_actions_are_beyond_the_bounds_and_are_clipped():
    policies = [random_policy(problem_of("pendulum"), seed=k) for k in range(2)]
    wide = [Policy(p.spec, {**p.weights, "action_net.bias": [1.9]}) for p in policies]
    stack = ActorStack(wide)
    z = torch.from_numpy(np.stack([observations(3)] * 2))
    with torch.no_grad():
        mode = stack(z).mode()
    assert mode.max() > 2.0
    assert stack.bounded(mode).max() == 2.0
    assert stack.bounded(-2 * mode).min() == -2.0


def test_training_the_actors_leaves_all_else_as_it_was(policies):
    stack = ActorStack(policies)
    z = standardised(policies, observations(policies[0].observation_size))
    head = stack(z)
    StackAdam(stack.parameters(), 1e-2).step(-head.log_prob(head.mode().detach()).sum())
    for old, new in zip(policies, stack.policies(), strict=True):
        assert new.spec == old.spec
        changed = {n for n in old.weights if not np.array_equal(old.weights[n], new.weights[n])}
        assert changed
        assert not any("value_net" in name for name in changed)
        assert "action_net.bias" in changed or "log_std" in changed


def test_training_the_values_leaves_the_actors_as_they_were(policies):
    stack = ValueStack(policies)
    z = standardised(policies, observations(policies[0].observation_size))
    StackAdam(stack.parameters(), 1e-2).step(stack(z).square().sum())
    for old, new in zip(policies, stack.policies(), strict=True):
        changed = {n for n in old.weights if not np.array_equal(old.weights[n], new.weights[n])}
        assert changed == {n for n in old.weights if "value_net" in n}


def test_values_are_computed_by_hand(policies, value_of):
    x = observations(policies[0].observation_size)
    with torch.no_grad():
        found = ValueStack(policies)(standardised(policies, x)).numpy()
    for k, policy in enumerate(policies):
        np.testing.assert_allclose(found[k], value_of(policy, x), atol=1e-5)


def test_log_std_is_raised_to_its_floor_and_no_further():
    problem = problem_of("pendulum")  # torques from -2 to 2
    weights = dict(random_policy(problem).weights)
    stds = [-9.0, 0.3]
    spec = random_policy(problem).spec
    stack = ActorStack([Policy(spec, {**weights, "log_std": [s]}) for s in stds])
    stack.keep_log_std_above_floor()
    assert stack.log_std.flatten().tolist() == pytest.approx([LOWEST_LOG_STD + np.log(2.0), 0.3])
    discrete = ActorStack([random_policy(problem_of("cartpole"))])
    discrete.keep_log_std_above_floor()


def test_what_cannot_be_one_stack_is_refused():
    problem = problem_of("cartpole")
    policy = random_policy(problem)
    stranger = Policy(policy.spec.model_copy(update={"algorithm": "A2C"}), policy.weights)
    with pytest.raises(InvalidPolicy, match="PPO policies without gSDE; got A2C"):
        ActorStack([stranger])
    wider = random_policy(problem, network=NETWORK.model_copy(update={"actor": (9, 6)}))
    for stack in (ActorStack, ValueStack):
        with pytest.raises(InvalidPolicy, match="must be alike; their network is "):
            stack([policy, wider])
    with pytest.raises(InvalidPolicy, match="their observation_space is "):
        ActorStack([policy, random_policy(problem_of("cartpole", ("length",)))])
    sde = NETWORK.model_copy(update={"use_sde": True})
    noisy = random_policy(problem_of("pendulum"), network=sde)
    with pytest.raises(InvalidPolicy, match=r"got PPO with gSDE\. Train .* use_sde = false\."):
        ActorStack([noisy])
