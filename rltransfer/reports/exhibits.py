"""Figures with the words that belong to them: title, how to read it, what it shows in text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rltransfer.reports.comparison import Comparison
from rltransfer.reports.covered import THRESHOLD, threshold_return
from rltransfer.reports.expectations import Expectation, within
from rltransfer.reports.study import Replicate, Study
from rltransfer.reports.words import context_text, number
from rltransfer.transfer import TransferMatrix

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Exhibit", "of_replicate", "of_study"]


@dataclass(frozen=True, eq=False)
class Exhibit:
    """A figure as the page shows it.

    Attributes:
        name: the stem of its files.
        title: its heading.
        caption: how to read it.
        alt: what it shows, for those who cannot see it.
        figure: the figure.
    """

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure


def of_study(study: Study, comparison: Comparison) -> Iterator[Exhibit]:
    """Yield the figures of all seeds together."""
    yield coverage(study, comparison)
    if study.experiment.inherits or study.experiment.training.stop is not None:
        yield coverage_over_steps(study, comparison)
    if len(study.replicates) > 1:
        yield across_seeds(study)


def of_replicate(study: Study, replicate: Replicate) -> Iterator[Exhibit]:
    """Yield the figures of one seed; their files are named after it where there are several."""
    prefix = f"seed-{replicate.seed}-" if len(study.replicates) > 1 else ""
    for make in (targets, gaps, heatmap):
        yield make(study, replicate, prefix)
    if Expectation.of_lane(replicate.own):
        yield expectation(study, replicate, prefix)


def coverage(study: Study, comparison: Comparison) -> Exhibit:
    """Make the figure of V over the number of sources."""
    from rltransfer.reports.figures.coverage import coverage_figure

    several = len(study.replicates) > 1
    band = (
        "Lines are means over seeds; bands are 95 % bootstrap intervals over seeds and episodes."
        if several
        else "One seed, so there is no band over seeds."
    )
    finals = [f"{c.name} {number(c.final.value)} after {c.rounds}" for c in comparison.curves]
    finals += [f"{r.name} {number(r.coverage.value)}" for r in comparison.references]
    return Exhibit(
        name="coverage",
        title="Coverage over the number of trained sources",
        caption=(
            "Higher is better. Each point adds one trained policy; V lets every target use the "
            f"policy that does best on it. {band} Horizontal lines do not depend on the number "
            "of sources."
        ),
        alt=f"V over the number of trained sources: {'; '.join(finals)}.",
        figure=coverage_figure(comparison),
    )


def coverage_over_steps(study: Study, comparison: Comparison) -> Exhibit:
    """Make the figure of V over training steps, for sources that do not all take the same."""
    from rltransfer.reports.figures.coverage import steps_figure

    finals = [
        f"{c.name} {number(c.final.value)} after {number(c.steps[-1])}" for c in comparison.curves
    ]
    return Exhibit(
        name="steps",
        title="Coverage over environment steps of training",
        caption=(
            "Higher and further left is better. The same points as above, each at the steps that "
            "all sources so far took to train; steps of evaluation and of the episodes behind "
            "learning curves are not counted."
        ),
        alt=f"V over environment steps of training: {'; '.join(finals)}.",
        figure=steps_figure(comparison),
    )


def across_seeds(study: Study) -> Exhibit:
    """Make the figure of return and gap over all seeds."""
    from rltransfer.reports.figures.across_seeds import across_seeds_figure

    reports = [replicate.gaps[study.rounds - 1] for replicate in study.replicates]
    return Exhibit(
        name="seeds",
        title="Return and gap per context, all seeds",
        caption=f"{words_for(study, ACROSS)} {dotted(study)}",
        alt=(
            f"Return and gap on {len(study.targets)} targets after {study.rounds} sources; mean "
            f"gaps per seed: {', '.join(number(report.mean_gap) for report in reports)}."
        ),
        figure=across_seeds_figure(reports, threshold_return(study.spec.score)),
    )


def targets(study: Study, replicate: Replicate, prefix: str) -> Exhibit:
    """Make the figure of the return on the targets after each round."""
    from rltransfer.reports.figures.targets import targets_figure

    matrix = replicate.matrix
    skipped = left_out(len(matrix.trained)) if len(matrix.space) < 3 else ""
    V = ", ".join(number(value) for value in replicate.own.V)
    return Exhibit(
        name=f"{prefix}targets",
        title="Return on the target contexts after each round",
        caption=f"{words_for(study, TARGETS)} {dotted(study)}{skipped}{in_part(replicate)}",
        alt=f"Return on {len(matrix.targets)} targets by round; V after each round: {V}.",
        figure=targets_figure(matrix, threshold_return(study.spec.score)),
    )


def gaps(study: Study, replicate: Replicate, prefix: str) -> Exhibit:
    """Make the figure of the gaps after the last round."""
    from rltransfer.reports.figures.gaps import gaps_figure
    from rltransfer.reports.figures.style import source_colors

    report = replicate.gaps[-1]
    return Exhibit(
        name=f"{prefix}gaps",
        title="Generalization gap per context",
        caption=(
            f"{words_for(study, GAPS)} Lines through the points are 95 % intervals over "
            "evaluation episodes. A large gap says that a policy does worse here than at home; "
            "a large regret says that a better policy is known."
        ),
        alt=(
            f"Gap on {len(report.targets)} targets after round {report.round}: mean "
            f"{number(report.mean_gap)}, largest {number(report.worst_gap)} at "
            f"{context_text(report.space, report.worst_target)}; mean regret "
            f"{number(report.mean_regret)}."
        ),
        figure=gaps_figure(report, source_colors(replicate.matrix)),
    )


def heatmap(study: Study, replicate: Replicate, prefix: str) -> Exhibit:
    """Make the figure of the transfer matrix."""
    from rltransfer.reports.figures.heatmap import heatmap_figure

    known, rounds = replicate.known, len(replicate.own.picks)
    sources = [context_text(known.space, known.sources[i]) for i in known.trained[:rounds]]
    return Exhibit(
        name=f"{prefix}matrix",
        title="Transfer matrix",
        caption=f"{words_for(study, HEATMAP)}{left_out(rounds) if len(known.space) == 2 else ''}"
        f"{'' if known.complete else ' Blank: not measured.'}"
        f"{' Rows with names: policies from elsewhere.' if named_rows(known) else ''}",
        alt=(
            f"Returns of {len(known.trained)} policies on {len(known.targets)} targets, from "
            f"{number(np.nanmin(known.mean))} to {number(np.nanmax(known.mean))}. Sources of "
            f"{study.selector} in order: {'; '.join(sources)}."
        ),
        figure=heatmap_figure(known, rounds),
    )


def expectation(study: Study, replicate: Replicate, prefix: str) -> Exhibit:
    """Make the figure of predicted and realised gains."""
    from rltransfer.reports.figures.expectation import expectation_figure
    from rltransfer.reports.figures.style import source_colors

    expected = Expectation.of_lane(replicate.own)
    inside, count = within(expected)
    trust = (
        f" Lines are standard errors; {inside} of {count} gains lie within two of them."
        if count
        else f" {study.selector} tells no standard error."
    )
    said = [f"round {e.round} {number(e.predicted_gain)}, {number(e.gain)}" for e in expected]
    return Exhibit(
        name=f"{prefix}expectation",
        title="Predicted against realised gain",
        caption=(
            "Each disc is a source, numbered by round, at the gain of V that the selector "
            "expected before the source was trained and the gain that it brought. On the dashed "
            "line the prediction was right; below it, too high. The further the discs lie from "
            f"it, the less the selector's model is to be trusted.{trust}"
        ),
        alt=f"Predicted and realised gain of V: {'; '.join(said)}.",
        figure=expectation_figure(expected, source_colors(replicate.matrix)),
    )


def words_for(study: Study, captions: Mapping[int, str]) -> str:
    """Return the caption for one feature, two, or more."""
    return captions[min(len(study.space), max(captions))]


def left_out(rounds: int) -> str:
    """Say that a figure with a panel per round does not show all of them."""
    from rltransfer.reports.figures.heatmap import most_panels

    shown = len(most_panels(rounds))
    return "" if shown == rounds else f" Of {rounds} rounds, {shown} are shown."


def named_rows(matrix: TransferMatrix) -> bool:
    """Say whether the figure of the matrix has rows of policies from elsewhere."""
    return len(matrix.space) != 2 and len(matrix.known) > 0


def in_part(replicate: Replicate) -> str:
    """Say what is drawn where policies are measured on some targets only."""
    if replicate.matrix.complete:
        return ""
    return (
        " Where the policy that serves a target was not measured on it, the return is what "
        "matrix-gp forecasts; with one feature these targets are rings."
    )


def dotted(study: Study) -> str:
    """Explain the dotted line, which maps over two features have in their colour bar."""
    value = number(threshold_return(study.spec.score))
    return (
        f"From the dotted line on, a return of {value} or a score of {THRESHOLD}, a target counts "
        "as covered."
    )


ACROSS = {
    1: "Dark: mean over seeds. Light: each seed.",
    2: "Means over seeds.",
    3: "Lines are means over seeds and over the other features; shades reach from the least to "
       "the largest target.",
}  # fmt: skip
TARGETS = {
    1: "Each point is a target, in the colour of the source whose policy serves it best; discs "
       "are the sources, numbered by round, at their own return. The shaded area is what the "
       "round has won.",
    2: "Each cell is a target; white lines part the regions of different sources, discs are the "
       "sources, numbered by round.",
    3: "Dark: after the last round, as a mean over the other features; the shade reaches from "
       "the worst to the best target. Light: earlier rounds. Discs on the axis are the sources, "
       "numbered by round; sources with the same value are stacked.",
}  # fmt: skip
GAPS = {
    1: "Each point is a target, in the colour of its source; discs are the sources, where the "
       "gap is 0 by definition.",
    2: "Above: each point is a target, in the colour of its source. Below: the same on the map.",
    3: "Above: each point is a target, in the colour of its source. Below: means over the other "
       "features; shades reach from the least to the largest gap.",
}  # fmt: skip
HEATMAP = {
    1: "Rows are trained policies, columns are targets; bright is good. Discs mark the study's "
       "sources on their own contexts, numbered by round; rings mark policies that only other "
       "selectors or comparisons asked for.",
    2: "One map per source of the study: the return of its policy on every target; bright is "
       "good. The disc is the source itself, numbered by round.",
    3: "Rows are trained policies, columns are targets; bright is good. Discs mark the study's "
       "sources on their own contexts, numbered by round.",
}  # fmt: skip
