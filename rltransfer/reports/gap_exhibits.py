"""The figures of a gap study with the words that belong to them."""

from __future__ import annotations

from collections.abc import Iterator

from rltransfer.experiment.gap_study import GapStudy
from rltransfer.experiment.gap_study.comparison import MethodComparison
from rltransfer.reports.exhibits import Exhibit
from rltransfer.reports.gap_words import interval_text, law_sentences
from rltransfer.reports.words import number

__all__ = ["of_gap_study"]


def of_gap_study(study: GapStudy) -> Iterator[Exhibit]:
    """Yield the figures that a study has the numbers for."""
    yield contexts(study)
    if any(len(found.by_part) > 1 for found in study.findings):
        yield parts(study)
    if study.law is not None:
        yield distance(study)
    yield profiles(study)
    for k, comparison in enumerate(study.comparisons):
        yield compared(study, comparison, k)


def contexts(study: GapStudy) -> Exhibit:
    """Make the figure of return and gap by context."""
    from rltransfer.reports.figures.gap_study import contexts_figure

    shaded = "" if study.ground.split is None else " Shaded: the range of the training contexts."
    means = (
        " Points are means over the other features."
        if len(study.ground.space) > 1
        else " Lines through the points of a gap are 95 % intervals over trainings and episodes."
    )
    said = [f"{f.method.name} {number(f.returns.estimate)}" for f in study.findings]
    return Exhibit(
        name="contexts",
        title="Return and gap by context",
        caption=(
            "Above: the mean return in each context. Below: the gap, by how much that is less "
            f"than the policy's return at home.{shaded}{means}"
        ),
        alt=f"Mean return over {len(study.ground.targets)} contexts: {'; '.join(said)}.",
        figure=contexts_figure(study),
    )


def parts(study: GapStudy) -> Exhibit:
    """Make the figure of returns where training was, inside and outside of its range."""
    from rltransfer.reports.figures.gap_study import parts_figure

    said = [
        f"{f.method.name}: "
        + ", ".join(f"{part.name} {number(part.returns.estimate)}" for part in f.by_part)
        for f in study.findings
    ]
    return Exhibit(
        name="parts",
        title="Where training was, inside its range, and outside",
        caption=(
            "Mean returns with 95 % intervals. The train/held-out gap is the drop from the first "
            "column to the last; interpolation and extrapolation are the held-out contexts."
        ),
        alt=f"Mean return by part; {'; '.join(said)}.",
        figure=parts_figure(study),
    )


def distance(study: GapStudy) -> Exhibit:
    """Make the figure of gaps against distance."""
    from rltransfer.reports.figures.gap_distance import distance_figure

    assert study.law is not None
    others = "" if len(study.ground.space) == 1 else " less what the law says of the other features"
    return Exhibit(
        name="distance",
        title="How the gap grows with distance",
        caption=(
            f"Each point is a policy in a context, at its gap{others}; right of 0 the context lies "
            "above the training context. The line is the fitted law: on either side a concave loss "
            "of its own, that may saturate. A unit length is the whole range of the feature."
        ),
        alt=f"Gap against displacement. {' '.join(law_sentences(study.law))}",
        figure=distance_figure(study),
    )


def profiles(study: GapStudy) -> Exhibit:
    """Make the figure of the performance profiles."""
    from rltransfer.reports.figures.gap_study import profiles_figure

    score = study.ground.env.spec.score
    said = [
        f"{f.method.name} IQM {number(f.iqm.estimate)}, optimality gap "
        f"{number(f.optimality_gap.estimate)}"
        for f in study.findings
    ]
    return Exhibit(
        name="profiles",
        title="Performance profiles",
        caption=(
            "Higher is better: the share of contexts and trainings whose score is above τ, with "
            f"95 % bands. A return of {number(score.low)} is a score of 0, one of "
            f"{number(score.high)} is 1. The area above a line is its optimality gap, where no "
            "score is below 0."
        ),
        alt=f"Performance profiles; {'; '.join(said)}.",
        figure=profiles_figure(study),
    )


def compared(study: GapStudy, comparison: MethodComparison, k: int) -> Exhibit:
    """Make the figure of two methods' difference."""
    from rltransfer.reports.figures.gap_study import comparison_figure

    suffix = "" if len(study.comparisons) == 1 else f"-{k + 1}"
    mean = interval_text(comparison.difference)
    return Exhibit(
        name=f"comparison{suffix}",
        title=f"{comparison.first} against {comparison.second}",
        caption=(
            f"Each point is a context, with its 95 % interval, in the colour of who returns more. "
            f"The dashed line is the mean, {mean}; the shade is its interval."
        ),
        alt=f"{comparison.first} returns {mean} more than {comparison.second} on average.",
        figure=comparison_figure(study, comparison),
    )
