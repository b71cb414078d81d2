from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.errors import InvalidDataset


def same(one, other):
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in fields(Transitions)
        if field.name != "contexts"
    )


@pytest.mark.parametrize("seed", range(20))
def test_discounted_returns_are_those_of_a_plain_loop(toy, seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 12, size=rng.integers(1, 9)).tolist()
    data, gamma = toy(lengths, seed=seed), float(rng.uniform(0, 1))
    expected, future = np.zeros(len(data)), 0.0
    for t in reversed(range(len(data))):
        future = float(data.rewards[t]) + gamma * (0.0 if data.ends[t] else future)
        expected[t] = future
    np.testing.assert_allclose(data.discounted_returns(gamma), expected, rtol=1e-12, atol=1e-12)


def test_episodes_are_found_by_their_ends(toy):
    data = toy([3, 1, 4])
    assert data.starts.tolist() == [0, 3, 4]
    assert data.episode_lengths.tolist() == [3, 1, 4]
    expected = [data.rewards[:3].sum(), data.rewards[3], data.rewards[4:].sum()]
    np.testing.assert_allclose(data.episode_returns, expected, rtol=1e-6)
    assert repr(data) == "<Transitions 8 steps, 3 episodes, 1 contexts>"


def test_one_step_is_an_episode(toy):
    data = toy([1])
    assert data.starts.tolist() == [0]
    assert data.episode_returns.tolist() == data.rewards.tolist()


def test_chosen_episodes_keep_their_contexts(toy):
    contexts = (Context(u=0.0), Context(u=1.0), Context(u=2.0))
    data = toy([2, 3, 4, 5], contexts)
    chosen = data.episodes(np.array([False, True, False, True]))
    assert chosen.contexts == (Context(u=0.0), Context(u=1.0))
    assert chosen.context_index.tolist() == [1] * 3 + [0] * 5
    np.testing.assert_array_equal(chosen.rewards[:3], data.rewards[2:5])


def test_only_some_contexts_are_left(toy):
    contexts = (Context(u=0.0), Context(u=1.0))
    data = toy([2, 3, 4], contexts)
    assert len(data.only([Context(u=1.0)])) == 3
    assert data.only([Context(u=0.0)]).episode_lengths.tolist() == [2, 4]
    with pytest.raises(InvalidDataset, match="no transition"):
        data.only([Context(u=5.0)])


def test_joining_the_parts_of_a_recording_gives_the_recording(toy):
    contexts = (Context(u=0.0), Context(u=1.0))
    data = toy([2, 3, 4], contexts)
    first = np.array([True, False, False])
    again = Transitions.joined([data.episodes(first), data.episodes(~first)])
    assert same(again, data)
    assert again.contexts == contexts


def test_a_context_of_two_parts_is_one_context(toy):
    a, b, c = Context(u=0.0), Context(u=1.0), Context(u=2.0)
    joined = Transitions.joined([toy([1, 1], (a, b)), toy([1, 1], (c, a))])
    assert joined.contexts == (a, b, c)
    assert joined.context_index.tolist() == [0, 1, 2, 0]


def changed(data, name, at, value):
    values = getattr(data, name).copy()
    values[at] = value
    return replace(data, **{name: values})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: replace(d, rewards=d.rewards[:0]), "hold no transition"),
        (lambda d: replace(d, actions=d.actions[1:]), "5 rewards but 4 actions"),
        (lambda d: replace(d, context_index=d.context_index[1:]), "but 4 context_index"),
        (lambda d: replace(d, next_observations=d.observations[:, 1:]), "next_observations"),
        (lambda d: changed(d, "rewards", 2, np.nan), "rewards of transition 2 are not finite"),
        (lambda d: changed(d, "observations", 1, np.inf), "observations of transition 1"),
        (lambda d: changed(d, "truncated", 4, False), "the last episode has no end"),
        (lambda d: replace(d, context_index=d.context_index + 1), "must name one of 1 contexts"),
        (lambda d: replace(d, context_index=d.context_index - 1), "got -1 to -1"),
        (
            lambda d: replace(
                d,
                contexts=(Context(u=0.0), Context(u=1.0)),
                context_index=np.array([0, 1, 1, 1, 1], np.int32),
            ),
            "changed within an episode",
        ),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(toy, spoil, message):
    with pytest.raises(InvalidDataset, match=message):
        spoil(toy([2, 3]))


def test_what_cannot_be_joined_is_refused(toy):
    with pytest.raises(InvalidDataset, match="nothing to join"):
        Transitions.joined([])
    with pytest.raises(InvalidDataset, match=r"observations have the shapes \(3,\) and \(4,\)"):
        Transitions.joined([toy([2]), toy([2], o=4)])
    with pytest.raises(InvalidDataset, match=r"actions have the shapes \(\) and \(1,\)"):
        Transitions.joined([toy([2]), toy([2], discrete=False)])
