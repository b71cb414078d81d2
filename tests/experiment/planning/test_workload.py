import pytest

from rltransfer.experiment.planning import Workload
from rltransfer.experiment.spec import Experiment


def study(compare=(), rounds=4, seeds=(0,), **tables):
    return Experiment.of(
        "cartpole", vary=["length"], targets=9, rounds=rounds, seeds=list(seeds),
        selection={"compare": list(compare)}, evaluation={"episodes": 2}, **tables,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("compare", "singles", "many"),
    [
        ((), (4, 4), 0),
        (("random",), (4, 8), 0),
        (("random", "multi-task"), (4, 8), 1),
        (("independent",), (9, 9), 0),
    ],
)
def test_policies_are_counted_from_all_shared_to_none_shared(compare, singles, many):
    workload = Workload.of(study(compare))
    assert (workload.singles, workload.many) == (singles, many)


def test_amounts_of_all_seeds():
    workload = Workload.of(study(("multi-task",), seeds=(0, 1, 2)))
    assert workload.policies == 3 * (4 + 1)
    assert workload.training_steps == 3 * (4 + 4) * 100_000  # multi-task has those of all rounds
    assert workload.evaluation_episodes == 3 * 5 * 9 * 2
    assert workload.evaluation_steps == workload.evaluation_episodes * 500


def test_policies_measured_in_part_cost_a_part():
    experiment = study()
    measured = experiment.model_copy(
        update={"evaluation": experiment.evaluation.model_copy(update={"measure": 3})}
    )
    assert Workload.of(measured).evaluation_episodes == 4 * 3 * 2
