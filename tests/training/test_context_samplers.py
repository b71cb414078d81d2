from __future__ import annotations

import numpy as np
import pytest

import rltransfer
from rltransfer.errors import UnknownName
from rltransfer.training import TrainingProblem
from rltransfer.training.context_samplers import (
    CONTEXT_SAMPLERS,
    make_context_sampler,
    varied_units,
)

CARTPOLE = rltransfer.make("cartpole")
GRID = CARTPOLE.space.select(["length"]).grid(5)


@pytest.mark.parametrize("name", CONTEXT_SAMPLERS)
def test_every_sampler_draws_the_problems_contexts(name):
    problem = TrainingProblem(CARTPOLE, GRID)
    sampler = make_context_sampler(name, problem, 1000, np.random.default_rng(0))
    assert {sampler.draw() for _ in range(20)} == set(problem.contexts)


def test_an_unknown_sampler_is_named():
    problem = TrainingProblem(CARTPOLE, GRID)
    with pytest.raises(UnknownName, match=r"is called 'mtps'; did you mean 'mpts'\? Known: rounds"):
        make_context_sampler("mtps", problem, 1000, np.random.default_rng(0))


def test_tasks_are_the_varied_features_from_0_to_1():
    part = CARTPOLE.space.select(["length", "gravity"]).grid(3)[3:]  # the longer poles
    units = varied_units(TrainingProblem(CARTPOLE, part))
    assert units.shape == (6, 2)
    assert sorted(len(np.unique(column)) for column in units.T) == [2, 3]
    assert (units.min(axis=0) == 0.0).all()
    assert (units.max(axis=0) == 1.0).all()


def test_one_context_is_one_task_without_features():
    assert varied_units(TrainingProblem(CARTPOLE, GRID[:1])).tolist() == [[0.0]]
