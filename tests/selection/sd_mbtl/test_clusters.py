from __future__ import annotations

import numpy as np

from rltransfer.selection import MMBTL, replay
from rltransfer.selection.sd_mbtl.clusters import Clusters
from rltransfer.testing.toys import SyntheticFamily


def settled(points, centre, others):
    """One centre's way to rest, target by target; members and the place."""
    centre, members, first = np.array(centre, float), set(), True
    for _ in range(300):
        stays = set()
        for i, y in enumerate(points):
            new = sum(abs((y - centre) * 0.01))
            old = min(sum(abs((y - other) * 0.01)) for other in others)
            if new < old or (new == old and (first or i in members)):
                stays.add(i)
        members, first, before = stays, False, centre
        if members:
            centre = np.mean([points[i] for i in sorted(members)], axis=0)
        if (abs(centre - before) < 1e-6).all():
            return centre, members
    return centre, members


def distance(points, centres):
    return sum(min(sum(abs((y - c) * 0.01)) for c in centres) for y in points)


def literal(points, rounds):
    """M-MBTL with its memory of starts, in plain loops; returns the centres."""
    centres = [np.round(points.mean(axis=0))]
    known, last, saved = {}, None, 0.0
    for _ in range(rounds - 1):
        totals = {}
        for start, point in enumerate(points):
            if start in known and not known[start][1] & known[last][1]:
                totals[start] = (known[start][0] - saved, known[start][1])
                continue
            place, members = settled(points, point, centres)
            totals[start] = (distance(points, [place, *centres]), members)
        known = totals
        last = min(known, key=lambda start: (round(known[start][0], 12), start))
        centre = np.round(settled(points, points[last], centres)[0])
        saved = distance(points, centres) - distance(points, [centre, *centres])
        centres.append(centre)
    return centres


def test_the_picks_are_those_of_plain_loops():
    family = SyntheticFamily((-3.0, -3.0), size=6)
    points = np.array([(i, j) for i in range(6) for j in range(6)], float)
    matrix = replay(MMBTL(), family.truth, family.space, family.contexts, family.contexts, 5)
    expected = [int(c @ [6, 1]) for c in literal(points, 5)]
    ours = [distance(points, points[list(matrix.trained[:k])]) for k in range(1, 6)]
    theirs = [distance(points, points[expected[:k]]) for k in range(1, 6)]
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)  # equals are broken in the last digit


def test_what_a_centre_saves_is_the_fall_of_the_distance():
    Y = np.arange(9.0)[:, None]
    clusters = Clusters.around(Y, Y, 4).try_starts()
    grown = clusters.settle(1)
    assert clusters.nearest.sum() - grown.nearest.sum() == grown.saved > 0
    assert np.isclose(grown.nearest.sum(), 0.01 * (1 + 0 + 1 + 1 + 0 + 1 + 2 + 3 + 4))


def test_a_source_chosen_by_others_leaves_the_memory_alone():
    Y = np.arange(9.0)[:, None]
    clusters = Clusters.around(Y, Y, 4).try_starts()
    grown = clusters.add(8)
    assert grown.saved == clusters.saved
    assert grown.chosen == clusters.chosen
    assert grown.nearest[8] == 0.0
