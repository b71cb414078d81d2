from __future__ import annotations

import numpy as np
import pytest

from rltransfer.selection.blocks import Blocks


def cut(n=1000, d=3, size=32):
    rng = np.random.default_rng(0)
    points, height = rng.random((n, d)), rng.random(n)
    return points, height, Blocks.of(points, height, size)


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 1000])
def test_every_point_stands_in_one_block_and_only_the_last_is_repeated(n):
    _, _, blocks = cut(n)
    counts = np.bincount(blocks.order.ravel(), minlength=n)
    assert blocks.order.shape[1] <= 32
    assert (counts[:-1] == 1).all()
    assert counts[-1] >= 1


def test_blocks_hold_their_points_within_their_boxes():
    points, height, blocks = cut()
    np.testing.assert_array_equal(blocks.points, points[blocks.order].transpose(0, 2, 1))
    np.testing.assert_array_equal(blocks.height, height[blocks.order])
    np.testing.assert_array_equal(blocks.low, blocks.points.min(axis=2))
    np.testing.assert_array_equal(blocks.high, blocks.points.max(axis=2))
    np.testing.assert_array_equal(blocks.bottom, blocks.height.min(axis=1))
    np.testing.assert_array_equal(blocks.top, blocks.height.max(axis=1))


def test_neighbours_share_a_block():
    """Boxes of 1024 points in 32 blocks have a 32nd of the volume, more or less."""
    _, _, blocks = cut(1024)
    sides = np.column_stack([blocks.high - blocks.low, blocks.top - blocks.bottom])
    assert sides.prod(axis=1).sum() < 1.0
    assert sides.max() < 0.8


def test_infinite_heights_are_cut_off_first():
    rng = np.random.default_rng(0)
    height = np.where(np.arange(64) < 32, np.inf, 0.0)
    blocks = Blocks.of(rng.random((64, 2)), height, 8)
    assert (blocks.bottom == blocks.top).all()
