"""Units of the return, and the order in which contexts are listed, change no pick."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltransfer.selection import MatrixGP, replay
from rltransfer.testing.lines import LINES, LineFamily
from rltransfer.testing.toys import SyntheticFamily

FAMILIES = {
    **{name: LineFamily(formula, 30) for name, formula in LINES.items()},
    "three features": SyntheticFamily((-3.0, 1.0, -3.0), 3, 2.0, 1.0, noise=1.0),
}
ROUNDS = 5

families = st.sampled_from(list(FAMILIES))
seeds = st.integers(0, 1000)


def picks(family, truth, sources=None, targets=None):
    """Return the picked contexts."""
    sources, targets = sources or family.contexts, targets or family.contexts
    matrix = replay(MatrixGP(), truth, family.space, sources, targets, ROUNDS)
    return [matrix.sources[index] for index in matrix.trained]


@settings(max_examples=20, deadline=None)
@given(
    name=families,
    seed=seeds,
    shift=st.floats(-1e4, 1e4),
    scale=st.floats(-3, 3).map(lambda power: 10.0**power),
)
def test_units_of_the_return_do_not_matter(name, seed, shift, scale):
    family = FAMILIES[name]
    truth = family.draw(np.random.default_rng(seed))
    assert picks(family, scale * (truth + shift)) == picks(family, truth)


@settings(max_examples=12, deadline=None)
@given(name=families, seed=seeds)
def test_the_order_of_sources_does_not_matter(name, seed):
    family, rng = FAMILIES[name], np.random.default_rng(seed)
    truth = family.draw(rng)
    order = rng.permutation(len(truth))
    sources = [family.contexts[i] for i in order]
    assert picks(family, truth[order], sources=sources) == picks(family, truth)


@settings(max_examples=12, deadline=None)
@given(name=families, seed=seeds)
def test_the_order_of_targets_does_not_matter(name, seed):
    family, rng = FAMILIES[name], np.random.default_rng(seed)
    truth = family.draw(rng)
    order = rng.permutation(len(truth))
    targets = [family.contexts[i] for i in order]
    assert picks(family, truth[:, order], targets=targets) == picks(family, truth)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_training_does_not_matter(seed):
    """Nor does the path by which the matrix came about."""
    family, rng = FAMILIES["humped"], np.random.default_rng(seed)
    truth, chosen = family.draw(rng), rng.permutation(30)[:6]
    forth, back = family.empty(), family.empty()
    for i, j in zip(chosen, chosen[::-1], strict=True):
        forth, back = forth.learn(i, truth[i][:, None]), back.learn(j, truth[j][:, None])
    assert MatrixGP().propose(forth).index == MatrixGP().propose(back).index
