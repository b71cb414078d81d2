from __future__ import annotations

import pytest

import rltransfer
from rltransfer.errors import InvalidContext, InvalidExperiment
from rltransfer.training import TrainingProblem

CARTPOLE = rltransfer.make("cartpole")


def test_contexts_become_complete():
    problem = TrainingProblem(CARTPOLE, [{"length": 0.7}])
    assert problem.contexts == (CARTPOLE.space.default.replace(length=0.7),)
    assert problem.context == problem.contexts[0]
    assert problem.label.startswith("cartpole[gravity=9.8,")


def test_several_contexts_have_no_single_one():
    problem = TrainingProblem(CARTPOLE, [{"length": 0.7}, {"length": 0.8}], ["length"])
    assert problem.context is None
    assert problem.observe == ("length",)
    assert problem.label == "cartpole[2 contexts]"


def test_mistakes_are_sentences():
    with pytest.raises(InvalidExperiment, match="at least one context; got none"):
        TrainingProblem(CARTPOLE, [])
    with pytest.raises(InvalidContext, match=r"must lie in 0.05…5 m; got 6"):
        TrainingProblem(CARTPOLE, [{"length": 6}])
    with pytest.raises(InvalidContext, match="unknown context feature 'lenght'; did you mean"):
        TrainingProblem(CARTPOLE, [{}], ["lenght"])
