from __future__ import annotations

import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.envs import Task, make
from rltransfer.envs.simulators.classic.arrays import ClassicBatch
from rltransfer.envs.simulators.loader import load_simulator
from rltransfer.errors import (
    InvalidContext,
    InvalidExperiment,
    MissingDependency,
    UnknownName,
)


def test_a_task_completes_its_context() -> None:
    task = make("cartpole").task(length=0.7)
    assert task.context == make("cartpole").space.default.replace(length=0.7)
    assert task == make("cartpole").task({"length": 0.7}) == make("cartpole").task(task.context)
    assert repr(task) == (
        "<Task cartpole[gravity=9.8,masscart=1,masspole=0.1,length=0.7,force_mag=10,tau=0.02]>"
    )


def test_named_features_win_over_the_mapping() -> None:
    assert make("cartpole").task({"length": 0.7, "tau": 0.01}, length=0.9).context["length"] == 0.9


def test_a_task_outside_the_ranges_is_refused() -> None:
    with pytest.raises(InvalidContext, match=r"must lie in 0\.05…5 m; got 7"):
        make("cartpole").task(length=7.0)


def test_a_task_makes_its_environment() -> None:
    env = Task(make("pendulum"), make("pendulum").space.default).make(observe=("mass",))
    assert env.reset(seed=0)[0].shape == (4,)
    assert env.observation_space.shape == (4,)


def test_the_time_limit_truncates_at_the_horizon() -> None:
    env = make("mountain_car").make()
    env.reset(seed=0)
    ends = [env.step(1)[2:4] for _ in range(200)]
    assert ends == [(False, False)] * 199 + [(False, True)]


def test_without_limit_it_goes_on() -> None:
    env = make("mountain_car").make_unlimited()
    env.reset(seed=0)
    assert not any(env.step(1)[3] for _ in range(300))


def test_rendering_shows_the_context() -> None:
    pytest.importorskip("pygame")
    env = make("cartpole").make({"length": 2.0}, render_mode="rgb_array")
    env.reset(seed=0)
    picture = env.render()
    assert isinstance(picture, np.ndarray)
    assert picture.shape == (400, 600, 3)
    env.close()


def test_a_batch_completes_its_contexts() -> None:
    batch = make("cartpole").batch([{"length": 0.7}, Context()])
    assert isinstance(batch, ClassicBatch)
    assert len(batch) == 2


def test_repr_names_the_features() -> None:
    assert repr(make("pendulum")) == "<ContextualEnv pendulum: gravity, mass, length, dt>"


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("clasic", UnknownName, "did you mean 'classic'"),
        ("no_such_package_here:Thing", MissingDependency, "needs 'no_such_package_here'"),
        ("rltransfer.errors:Simulator", InvalidExperiment, "has no simulator 'Simulator'"),
        ("rltransfer.contexts:Context", InvalidExperiment, "must be a subclass"),
    ],
)
def test_a_simulator_that_cannot_be_loaded_is_explained(
    name: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        load_simulator(name)


def test_a_named_split_divides_its_features():
    cartpole = make("cartpole")
    split = cartpole.split("cadm", 9)
    low, high = cartpole.spec.splits["cadm"].train["length"]
    assert set(split.train[0]) == set(cartpole.spec.splits["cadm"].train)
    assert all(low <= x["length"] <= high for x in split.train + split.interpolation)
    outside = [x for x in split.extrapolation if not low <= x["length"] <= high]
    assert outside
    with pytest.raises(UnknownName, match=r"cartpole has no split 'cad'; did you mean 'cadm'\?"):
        cartpole.split("cad", 9)
