"""The page and figures of gap studies whose returns are made up."""

from __future__ import annotations

import re

import numpy as np
import pytest

import rltransfer
from rltransfer import GapSpec
from rltransfer.experiment.gap_study.comparison import MethodComparison
from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.method import Method, Training
from rltransfer.experiment.gap_study.row import PolicyRow
from rltransfer.experiment.gap_study.study import GapStudy
from rltransfer.reports.gap_exhibits import of_gap_study
from rltransfer.reports.gap_page import gap_page_html, publish_gap_study
from rltransfer.reports.gap_words import comparison_sentences, interval_text, law_sentences, p_text
from rltransfer.transfer import Interval

CARTPOLE = rltransfer.make("cartpole")


def made(names, seeds=2, size=5, methods=("near", "far"), split=None):
    """A study of methods whose gap is 200 and 300 per unit length along each feature."""
    space = CARTPOLE.space.select(names)
    contexts = space.grid(size) if split is None else split.train + split.interpolation
    targets = tuple(
        CARTPOLE.space.validate(x) for x in contexts + (split.extrapolation if split else ())
    )
    ground = Ground(CARTPOLE, space, targets, split)
    made_methods = [
        Method(name, tuple(
            Training(seed, (row(ground, name, 200.0 + 100.0 * k, seed),)) for seed in range(seeds)
        ))
        for k, name in enumerate(methods)
    ]  # fmt: skip
    return GapStudy.of(made_methods, ground, GapSpec(), measured=True)


def row(ground, name, slope, seed):
    rng = np.random.default_rng([seed, int(slope)])
    home = ground.targets[seed + 1]
    U = ground.space.to_unit(ground.targets)
    apart = np.abs(U - ground.space.to_unit([home])).sum(axis=1)
    returns = 450.0 - slope * apart[:, None] + rng.normal(0, 9, (len(U), 3))
    return PolicyRow(f"{name} {seed}", (home,), returns, np.full((1, 3), 450.0))


@pytest.fixture(scope="module")
def study():
    return made(["length"], size=9)


def test_the_page_stands_alone_and_holds_every_part(study, tmp_path):
    page = publish_gap_study(study, tmp_path)
    text = page.read_text()
    for section in ("numbers", "law", "contexts", "parts", "distance", "profiles", "comparison",
                    "definitions"):  # fmt: skip
        assert f'id="{section}"' in text
    assert not re.search(r'(?:src|href)="(?!data:)', text)
    for name in ("near", "far", "With 2 trainings, intervals are too narrow: about 51 of 100"):
        assert name in text
    assert interval_text(study.findings[0].returns) in text


def test_names_are_text_on_the_page():
    text = gap_page_html(made(["length"], methods=("<script>", "b")), [])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("names", [["length"], ["length", "gravity"], ["length", "gravity", "tau"]])
def test_figures_say_what_they_show(names):
    exhibits = {
        item.name: item for item in of_gap_study(made(names, size=9 if len(names) == 1 else 3))
    }
    assert set(exhibits) == {"contexts", "parts", "distance", "profiles", "comparison"}
    assert len(exhibits["distance"].figure.axes) == len(names)
    assert len(exhibits["contexts"].figure.axes) == 2 * len(names)
    heights = {ax.get_ylim() for ax in exhibits["distance"].figure.axes}
    assert len(heights) == 1
    assert "near IQM" in exhibits["profiles"].alt
    assert "length above training" in exhibits["distance"].alt


def test_a_split_shades_its_training_range():
    split = CARTPOLE.split("inner60", 5, ["length"])
    exhibits = {item.name: item for item in of_gap_study(made(["length"], split=split))}
    assert "Shaded" in exhibits["contexts"].caption
    assert exhibits["contexts"].figure.axes[0].patches


def test_one_method_without_home_has_no_gap_figures():
    space = CARTPOLE.space.select(["length"])
    targets = tuple(CARTPOLE.space.validate(x) for x in space.grid(4))
    unknown = PolicyRow("x", (), np.full((4, 2), 100.0), np.empty((0, 2)))
    ground = Ground(CARTPOLE, space, targets)
    study = GapStudy.of([Method("x", (Training(0, (unknown,)),))], ground, GapSpec(), True)
    exhibits = {item.name: item for item in of_gap_study(study)}
    assert set(exhibits) == {"contexts", "profiles"}
    assert len(exhibits["contexts"].figure.axes) == 1
    assert "–" in gap_page_html(study, [])


def test_intervals_are_written_short():
    assert interval_text(None) == "–"
    assert interval_text(Interval(1.0, 2.0, 3.0)) == "2 (1 … 3)"
    assert interval_text(Interval(500.0, 500.0, 500.0)) == "500"
    assert interval_text(Interval(-1e-13, 1e-13, 0.0)) == "0"


def test_p_is_not_more_exact_than_it_is_good_for():
    assert p_text(0.0312) == "p = 0.031"
    assert p_text(1e-7) == "p < 0.001"


def test_a_comparison_is_told_in_sentences(study):
    (comparison,) = study.comparisons
    said = " ".join(comparison_sentences(comparison))
    for words in ("near returns", "more than far", "of all pairs of trainings", "Wilcoxon",
                  "less than 0.5 is not possible"):  # fmt: skip
        assert words in said
    alone = MethodComparison.of(*[f.method for f in made(["length"], seeds=1).findings],
                                np.random.default_rng(0))  # fmt: skip
    assert "sign permutation" not in " ".join(comparison_sentences(alone))


def test_the_law_is_told_by_feature_and_side(study):
    below, above, fit = law_sentences(study.law)
    assert below.startswith("length below training: +")
    assert above.startswith("length above training: +")
    assert "of 36 gaps' variance" in fit
