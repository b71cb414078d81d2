from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from rltransfer.data import UniformRandom, collect
from rltransfer.envs.wrappers import visible_units
from rltransfer.errors import InvalidContext, InvalidDataset


@dataclass
class Leaning:
    """Pushes the cart under the pole, and remembers how wide observations are."""

    observe: tuple[str, ...] = ()
    width: int = 0
    last: float = 0.0

    def sample(self, observations, rng):
        self.width, self.last = observations.shape[1], float(observations[0, -1])
        return (observations[:, 2] + observations[:, 3] > 0).astype(np.int64)


def test_each_step_is_what_the_environment_does(cartpole, falls):
    """Each recorded step, taken again by the family's own batch, ends where it was recorded."""
    assert len(falls) == 600
    assert [falls.context_index[i] for i in (0, 299, 300, 599)] == [0, 0, 1, 1]
    contexts = [falls.contexts[i] for i in falls.context_index]
    batch = cartpole.batch(contexts)
    batch.reset(np.arange(600), falls.observations.astype(np.float64))
    step = batch.step(falls.actions)
    np.testing.assert_allclose(step.observations, falls.next_observations, atol=1e-5)
    np.testing.assert_array_equal(step.terminated, falls.terminated)


def test_episodes_are_chained_and_whole(falls):
    inside = ~falls.ends[:-1]
    assert np.array_equal(falls.next_observations[:-1][inside], falls.observations[1:][inside])
    assert falls.truncated.sum() <= 2  # one row per context, cut once
    fresh = falls.observations[falls.starts]
    assert np.abs(fresh).max() <= 0.05  # where CartPole begins


def test_data_depend_on_the_seed_alone(cartpole):
    behaviour = UniformRandom.of(cartpole)
    one = collect(cartpole, [{}], behaviour, 100, seed=3)
    again = collect(cartpole, [{}], behaviour, 100, seed=3)
    other = collect(cartpole, [{}], behaviour, 100, seed=4)
    assert np.array_equal(one.observations, again.observations)
    assert not np.array_equal(one.observations, other.observations)


def test_a_context_gets_the_same_data_beside_others(cartpole):
    behaviour = UniformRandom.of(cartpole)
    alone = collect(cartpole, [{"length": 1.0}], behaviour, 100, seed=3)
    beside = collect(cartpole, [{}, {"length": 1.0}], behaviour, 200, seed=3)
    part = beside.only(alone.contexts)
    assert np.array_equal(alone.observations, part.observations)


def test_visible_features_are_shown_and_not_recorded(cartpole):
    behaviour = Leaning(observe=("length",))
    data = collect(cartpole, [{"length": 1.0}], behaviour, 50, seed=0)
    assert (behaviour.width, data.observations.shape[1]) == (5, 4)
    assert behaviour.last == pytest.approx(
        visible_units(cartpole.space, data.contexts, ("length",))[0, 0]
    )


def test_the_horizon_truncates(cartpole):
    data = collect(cartpole, [{}], Leaning(), 1200, seed=0)
    assert 500 in data.episode_lengths
    assert data.truncated[499]
    assert not data.terminated[499]


def test_many_rows_share_a_long_recording(pendulum):
    data = collect(pendulum, [{}], UniformRandom.of(pendulum), 8001, seed=0)
    assert len(data) == 8001
    assert data.actions.shape == (8001, 1)
    assert data.actions.dtype == np.float32
    assert np.abs(data.actions).max() <= 2.0
    assert abs(data.actions.mean()) < 5 * (2 / np.sqrt(3)) / np.sqrt(8001)
    assert (data.episode_lengths == 200).sum() >= 30


def test_wrong_requests_are_refused(cartpole):
    behaviour = UniformRandom.of(cartpole)
    with pytest.raises(InvalidDataset, match="got 2 contexts and 1 steps"):
        collect(cartpole, [{}, {"length": 1.0}], behaviour, 1, seed=0)
    with pytest.raises(InvalidDataset, match="got 0 contexts"):
        collect(cartpole, [], behaviour, 10, seed=0)
    with pytest.raises(InvalidContext, match="lenght"):
        collect(cartpole, [{"lenght": 1.0}], behaviour, 10, seed=0)


def test_unbounded_actions_cannot_be_uniform():
    import gymnasium as gym

    with pytest.raises(InvalidDataset, match="need bounds"):
        UniformRandom(gym.spaces.Box(-np.inf, np.inf, (1,)))
