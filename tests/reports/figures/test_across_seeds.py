import numpy as np
import pytest

from rltransfer.reports.figures.across_seeds import across_seeds_figure
from rltransfer.reports.study import Study


def reports_of(path):
    study = Study.read(path)
    return [replicate.gaps[study.rounds - 1] for replicate in study.replicates]


def test_one_feature_has_a_line_per_seed_and_their_mean(three_seeds):
    reports = reports_of(three_seeds)
    axes = across_seeds_figure(reports, 450.0).axes
    for ax, name in zip(axes, ("reached", "gap"), strict=True):
        _, *seeds, mean = ax.lines
        values = np.array([getattr(report, name) for report in reports])
        assert np.allclose([line.get_ydata() for line in seeds], values)
        assert mean.get_ydata() == pytest.approx(values.mean(axis=0))


def test_two_features_have_maps_of_means(tmp_path, make):
    make(tmp_path, seeds=(0, 1), vary=["length", "gravity"], targets=4, rounds=2)
    reports = reports_of(tmp_path)
    ax = across_seeds_figure(reports, 450.0).axes[0]
    cells = np.asarray(ax.collections[0].get_array()).reshape(4, 4)
    mean = np.mean([report.reached for report in reports], axis=0)
    assert cells.T.ravel() == pytest.approx(mean)


def test_more_features_have_profiles(three_features):
    axes = across_seeds_figure(reports_of(three_features), 450.0).axes
    assert [ax.get_ylabel() for ax in axes] == ["return", "", "", "gap ΔJ", "", ""]
