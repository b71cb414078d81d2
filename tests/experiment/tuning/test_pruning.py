import optuna
import pytest
from optuna.trial import TrialState, create_trial

from rltransfer.experiment.tuning.pruning import WARMUP, MedianAtStep, make_pruner


def study_of(*curves):
    """A study of complete trials with these values at steps 10, 20, …"""
    study = optuna.create_study(direction="maximize")
    for curve in curves:
        values = {10 * (k + 1): v for k, v in enumerate(curve)}
        study.add_trial(create_trial(value=curve[-1], intermediate_values=values))
    return study


def running(study, values):
    trial = study.ask()
    for step, value in values.items():
        trial.report(value, step)
    return study.get_trials(deepcopy=False)[trial.number]


@pytest.mark.parametrize(("value", "ended"), [(0.31, False), (0.3, False), (0.29, True)])
def test_a_trial_below_the_median_at_its_step_is_ended(value, ended):
    study = study_of([0.1, 0.2], [0.1, 0.3], [0.1, 0.9])
    assert MedianAtStep(startup=3).prune(study, running(study, {20: value})) is ended


def test_an_easy_beginning_saves_nobody():
    study = study_of([0.9, 0.5], [0.9, 0.6], [0.9, 0.7])
    trial = running(study, {10: 0.95, 20: 0.1})
    assert MedianAtStep(startup=2).prune(study, trial)
    assert not optuna.pruners.MedianPruner(n_startup_trials=2).prune(study, trial)


def test_the_others_last_value_counts_where_they_have_none_at_the_step():
    study = study_of([0.5, 0.6], [0.5, 0.6])
    assert MedianAtStep(startup=2).prune(study, running(study, {15: 0.4}))
    assert not MedianAtStep(startup=2).prune(study, running(study, {WARMUP: 0.0}))


def test_nobody_is_ended_early_or_among_too_few():
    study = study_of([0.5, 0.6], [0.5, 0.6])
    assert not MedianAtStep(startup=3).prune(study, running(study, {20: 0.0}))
    assert not MedianAtStep(startup=2, warmup=21).prune(study, running(study, {20: 0.0}))


def test_pruned_trials_are_no_measure():
    study = study_of([0.5, 0.6])
    study.add_trial(create_trial(state=TrialState.PRUNED, intermediate_values={10: 0.9}))
    assert not MedianAtStep(startup=2).prune(study, running(study, {20: 0.0}))


def test_the_names():
    assert isinstance(make_pruner("median", 5, 80), MedianAtStep)
    assert isinstance(make_pruner("hyperband", 5, 80), optuna.pruners.HyperbandPruner)
    assert isinstance(make_pruner("none", 5, 80), optuna.pruners.NopPruner)
