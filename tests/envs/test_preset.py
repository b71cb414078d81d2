from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rltransfer.contexts import Scale
from rltransfer.envs import ContextualEnv, EnvironmentSpec, load_catalog
from rltransfer.errors import InvalidExperiment, UnknownName

WriteFamily = Callable[..., Path]

PRESET = """
[presets.mine]
source = "a test"

[presets.mine.features]
length   = { range = [0.1, 1.0], points = 7, scale = "linear" }
masscart = { range = [0.5, 2.0] }

[score]
"""


def family(write_family: WriteFamily, preset: str = PRESET) -> EnvironmentSpec:
    return EnvironmentSpec.read(write_family(replace={"[score]": preset}))


def test_a_preset_narrows_the_features(write_family: WriteFamily) -> None:
    env = ContextualEnv(family(write_family))
    preset = env.preset("mine")
    length, mass = preset.space
    assert (length.low, length.high, length.scale, length.unit) == (0.1, 1.0, Scale.LINEAR, "m")
    assert mass.scale is env.space["masscart"].scale
    assert preset.points == {"length": 7, "masscart": 10}
    assert env.space["length"].high == 5.0, "the family's own range stays"
    with pytest.raises(UnknownName, match="has no preset 'min'; did you mean 'mine'"):
        env.preset("min")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[0.1, 1.0]", "[0.001, 1.0]", r"'length' .* must lie in 0.05…5 m; got 0.001"),
        ("[0.1, 1.0]", "[0.6, 1.0]", "preset 'mine' must hold the default of 'length', 0.5"),
        ("length  ", "lenght", "did you mean 'length'"),
        ("points = 7", "points = 1", "presets.mine.features.length.points"),
        ("source", "sauce", "presets.mine.sauce: this key is unknown"),
    ],
)
def test_a_mistake_in_a_preset_is_named(
    write_family: WriteFamily, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(InvalidExperiment, match=sentence):
        family(write_family, PRESET.replace(old, new))


@pytest.mark.parametrize("spec", list(load_catalog()), ids=lambda spec: spec.id)
def test_our_own_presets_say_where_they_are_from(spec: EnvironmentSpec) -> None:
    for preset in spec.presets.values():
        assert len(preset.source) > 10
        grid = preset.space.grid(2)
        assert all(spec.space.validate(context) for context in grid)
