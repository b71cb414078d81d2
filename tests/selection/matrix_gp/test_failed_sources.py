"""Sources whose training failed are held a little against their neighbours."""

import numpy as np

from rltransfer.selection.matrix_gp import MatrixGP
from rltransfer.testing.toys import LinearGapToy


def test_a_failed_source_makes_its_neighbours_less_attractive():
    toy = LinearGapToy.wavy(15)
    transfer = toy.empty()
    for index in (7, 2):
        transfer = transfer.learn(index, toy.truth[index][:, None])
    before = MatrixGP().propose(transfer)
    after = MatrixGP().propose(transfer.fail(before.index))
    assert after.index != before.index
    near = [i for i in (before.index - 1, before.index + 1) if i not in transfer.trained]
    assert (after.acquisition[near] < before.acquisition[near]).all()
    far = int(
        np.abs(transfer.units_sources[:, 0] - transfer.units_sources[before.index, 0]).argmax()
    )
    change = before.acquisition[far] - after.acquisition[far]
    assert abs(change) <= 0.01 * abs(before.acquisition).max()
