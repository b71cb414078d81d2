from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rltransfer.envs import ContextualEnv, EnvironmentSpec, make
from rltransfer.errors import InvalidContext, InvalidExperiment

WriteFamily = Callable[..., Path]

SPLIT = """
[splits.mine]
version = 3
source  = "a test"
train   = { length = [0.4, 0.6], masscart = [0.5, 2.0] }
test    = { length = [[0.1, 0.2], [0.8, 1.0]] }

[score]
"""


def family(write_family: WriteFamily, split: str = SPLIT, name: str = "cartpole") -> ContextualEnv:
    return ContextualEnv(EnvironmentSpec.read(write_family(name, replace={"[score]": split})))


def test_extrapolation_is_tested_where_the_split_says(write_family: WriteFamily) -> None:
    split = family(write_family).split("mine", 200, ["length"])
    assert split.version == 3
    lengths = [x["length"] for x in split.extrapolation]
    assert lengths
    assert all(0.1 <= v <= 0.2 or 0.8 <= v <= 1.0 for v in lengths)
    assert all(0.4 <= x["length"] <= 0.6 for x in split.train + split.interpolation)


@pytest.mark.parametrize("size", [4, 6, 11])
def test_narrow_published_splits_have_contexts_in_all_parts(size: int) -> None:
    for name in ("pendulum", "cartpole", "ant"):
        split = make(name).split("cadm", size)
        assert split.train
        assert split.interpolation
        assert split.extrapolation


def test_a_grid_over_too_many_features_says_what_to_do() -> None:
    with pytest.raises(InvalidContext, match=r"is too large.*Name fewer of the features"):
        make("halfcheetah").split("inner60", 6)


def test_every_family_has_the_inner_sixty_percent() -> None:
    plan = make("cartpole").spec.splits["inner60"]
    low, high = plan.train["gravity"]
    assert (low, high) == pytest.approx((0.1 + 0.2 * 29.9, 0.1 + 0.8 * 29.9))
    split = make("cartpole").split("inner60", 10, ["length"])
    assert len(split.train) + len(split.interpolation) == 10
    assert len(split.extrapolation) >= 8
    low, high = plan.train["length"]
    assert all(low <= x["length"] <= high for x in split.train + split.interpolation)
    assert {0.05, 5.0} <= {x["length"] for x in split.extrapolation}


def test_the_version_is_part_of_the_digest(write_family: WriteFamily) -> None:
    now = family(write_family).split("mine", 20)
    newer = SPLIT.replace("version = 3", "version = 4")
    later = family(write_family, newer, "later").split("mine", 20)
    assert now.train == later.train
    assert now.digest != later.digest


def test_a_split_divides_only_its_own_features(write_family: WriteFamily) -> None:
    with pytest.raises(InvalidContext, match="does not divide 'gravity'; it divides length"):
        family(write_family).split("mine", 5, ["gravity"])


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("version = 3", "version = 0", "splits.mine.version"),
        ("[0.8, 1.0]", "[0.8, 100.0]", r"must lie in 0.05…5 m; got 100"),
        ("test    = { length", "test    = { tau", "tests 'tau', which has no training interval"),
        ("masscart", "maskart", "did you mean 'masscart'"),
        ("[0.1, 0.2]", "[0.1, 0.5]", "overlaps its training interval 0.4…0.6"),
        ("[splits.mine]", "[splits.inner60]", "is every family's own"),
    ],
)
def test_a_mistake_in_a_split_is_named(
    write_family: WriteFamily, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(InvalidExperiment, match=sentence):
        family(write_family, SPLIT.replace(old, new))
