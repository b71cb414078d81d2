"""Matérn-3/2, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import Matern

from rltransfer.selection.matrix_gp.kernel import distances, matern


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("length", [0.15, 1.0])
def test_it_is_matern(d, length):
    rng = np.random.default_rng(d)
    X, Z = rng.random((6, d)), rng.random((4, d))
    reference = Matern(length * np.sqrt(d), nu=1.5)
    assert matern(distances(X, Z), length) == pytest.approx(reference(X, Z), abs=1e-12)
    assert matern(distances(X, X), length) == pytest.approx(
        reference(X), abs=1e-6
    )  # √ of a rounded 0


def test_opposite_corners_are_as_related_in_every_dimension():
    corners = [matern(distances(np.zeros((1, d)), np.ones((1, d))), 0.4)[0, 0] for d in (1, 3, 7)]
    assert corners == pytest.approx([corners[0]] * 3)
