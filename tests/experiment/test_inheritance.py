import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.experiment.inheritance import head_start, ranked
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord
from rltransfer.training import HeadStart, Policy


@pytest.fixture
def study() -> Experiment:
    return Experiment.of(
        "cartpole", vary=["length"], targets=6, rounds=5, evaluation={"episodes": 2},
        training={"recipe": "warm-start-ppo", "steps": 100},
    )  # fmt: skip


def record(study, context, values):
    returns = np.tile(np.asarray(values, float)[:, None], 2)
    return SourceRecord(
        key=context.digest, context=context, returns=returns, lengths=returns.astype(int),
        curve=(), steps=1, seconds=1.0, seed=1, started=0.0, finished=1.0, stages=("stub",),
    )  # fmt: skip


def test_policies_come_in_the_order_of_their_return_on_the_new_context(study):
    sources = study.sources()
    on_third = [5.0, 9.0, 9.0, 1.0]
    records = [
        record(study, sources[i], [0, 0, value, 0, 0, 99 - i]) for i, value in enumerate(on_third)
    ]
    assert ranked(study, sources[2], records) == [1, 2, 0, 3]


def test_elsewhere_the_nearest_on_the_features_own_scale_comes_first(study):
    contexts = [Context(length=value) for value in (5.0, 0.05, 0.7)]
    records = [record(study, context, [0] * 6) for context in contexts]
    assert ranked(study, Context(length=0.45), records) == [2, 1, 0]  # a logarithmic scale


def test_no_parents_are_no_head_start(study):
    assert head_start(study, study.sources()[0], {}) == HeadStart()


def test_at_most_four_policies_the_best_first_and_all_data(tmp_path, toy, study):
    study = study.model_copy(
        update={"training": study.training.model_copy(update={"recipe": "toy"})}
    )
    (run,) = run_experiment(study, tmp_path)
    pool = run.sources()
    parents = {key: run.policy_folder(key) for key in pool}
    last = study.sources()[0]
    found = head_start(study, last, parents)
    order = ranked(study, last, list(pool.values()))
    expected = [Policy.load(list(parents.values())[i]) for i in order[:4]]
    assert len(found.members) == 4
    assert found.policy is found.members[0]
    for one, other in zip(found.members, expected, strict=True):
        assert one.spec == other.spec
    assert found.data is not None
    assert len(found.data) == 5 * 6
    assert [dict(x)["length"] for x in found.data.contexts] == [
        r.context["length"] for r in pool.values()
    ]
