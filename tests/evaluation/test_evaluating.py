import numpy as np
import pytest

import rltransfer
from rltransfer import Context
from rltransfer.errors import InvalidContext, InvalidExperiment, InvalidPolicy, SourceFailed
from rltransfer.evaluation import episode_seed, evaluate


class Lean:
    """Pushes the cart under the pole; enough to balance some poles for some time."""

    observe: tuple[str, ...] = ()

    def act(self, observations):
        return (observations[:, -2] + 0.3 * observations[:, -1] > 0).astype(np.int64)


class Swing:
    """A torque that depends on what is seen, and on the visible features."""

    def __init__(self, observe=()):
        self.observe = observe

    def act(self, observations):
        return np.clip(
            observations[:, 2:3] * 0.1 + observations[:, 3:].sum(1, keepdims=True), -2, 2
        )


def user_loop(policy, env, target, episodes, seed):
    """What a user writes: one Gymnasium environment, one episode after another."""
    member = env.make(target, observe=policy.observe)
    returns, lengths = [], []
    for episode in range(episodes):
        observation, _ = member.reset(seed=episode_seed(seed, target) if episode == 0 else None)
        total, steps, over = 0.0, 0, False
        while not over:
            action = policy.act(observation[None])[0]
            observation, reward, terminated, truncated, _ = member.step(action)
            total, steps, over = total + float(reward), steps + 1, terminated or truncated
        returns.append(total)
        lengths.append(steps)
    return returns, lengths


@pytest.mark.parametrize(
    ("name", "policy", "feature"),
    [("cartpole", Lean(), "length"), ("pendulum", Swing(), "length")],
)
def test_equals_one_episode_after_another(name, policy, feature):
    env = rltransfer.make(name)
    targets = env.space.select([feature]).grid(5)
    complete = [env.space.validate(x) for x in targets]
    found = evaluate(policy, env, targets, 3, seed=11)
    for row, target in enumerate(complete):
        returns, lengths = user_loop(policy, env, target, 3, 11)
        np.testing.assert_allclose(found.returns[row], returns, rtol=1e-6)
        np.testing.assert_array_equal(found.lengths[row], lengths)


def test_visible_features_reach_the_policy():
    env = rltransfer.make("pendulum")
    names = env.space.names[:2]
    targets = [env.space.validate(x) for x in env.space.select(names).grid(2)]
    found = evaluate(Swing(names), env, targets, 1, seed=0)
    returns, _ = user_loop(Swing(names), env, targets[-1], 1, 0)
    np.testing.assert_allclose(found.returns[-1], returns, rtol=1e-6)


def test_a_target_is_the_same_whatever_is_evaluated_beside_it():
    env = rltransfer.make("cartpole")
    targets = env.space.select(["length"]).grid(4)
    together = evaluate(Lean(), env, targets, 2, seed=3)
    alone = evaluate(Lean(), env, targets[2:3], 2, seed=3)
    np.testing.assert_array_equal(together.returns[2:3], alone.returns)
    assert not np.array_equal(evaluate(Lean(), env, targets, 2, seed=4).returns, together.returns)


@pytest.mark.parametrize("rows", [1, 3, 7, 8])
def test_small_batches_play_the_same_episodes(monkeypatch, rows):
    env = rltransfer.make("cartpole")
    targets = env.space.select(["length"]).grid(3)
    whole = evaluate(Lean(), env, targets, 4, seed=3)
    monkeypatch.setattr(type(env.simulator), "rows_at_once", rows)
    parts = evaluate(Lean(), env, targets, 4, seed=3)
    np.testing.assert_array_equal(parts.returns, whole.returns)
    np.testing.assert_array_equal(parts.lengths, whole.lengths)


def test_episodes_end_at_the_time_limit_and_at_termination():
    env = rltransfer.make("cartpole")
    found = evaluate(Lean(), env, env.space.select(["length"]).grid(12), 10, seed=0)
    assert found.lengths.max() <= env.spec.horizon
    assert found.lengths.min() < found.lengths.max()
    np.testing.assert_array_equal(found.returns, found.lengths)


def test_wrong_questions_are_sentences():
    env = rltransfer.make("cartpole")
    with pytest.raises(InvalidExperiment, match="at least 1 target and 1 episode"):
        evaluate(Lean(), env, [], 1, seed=0)
    with pytest.raises(InvalidExperiment, match="0 episodes"):
        evaluate(Lean(), env, [Context()], 0, seed=0)
    with pytest.raises(InvalidContext, match="must lie in"):
        evaluate(Lean(), env, [Context(length=99.0)], 1, seed=0)


def test_an_action_that_is_no_number_is_named():
    env = rltransfer.make("pendulum")

    class Broken(Swing):
        def act(self, observations):
            return np.full((len(observations), 1), np.nan)

    with pytest.raises(SourceFailed, match=r"pendulum\[.*length=.*was given an action .*nan"):
        evaluate(Broken(), env, [Context()], 1, seed=0)


def test_actions_of_another_family_are_refused():
    with pytest.raises(InvalidPolicy, match=r"must have the shape \(3, 1\).*another family"):
        evaluate(Lean(), rltransfer.make("mountain_car_continuous"), [Context()], 3, seed=0)
