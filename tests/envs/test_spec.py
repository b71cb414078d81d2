from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rltransfer.contexts import Scale
from rltransfer.envs import ContextualEnv, EnvironmentSpec, load_catalog
from rltransfer.errors import InvalidExperiment

WriteFamily = Callable[..., Path]


def test_the_file_becomes_the_description(write_family: WriteFamily) -> None:
    spec = EnvironmentSpec.read(write_family("my_cartpole"), provider="me")
    assert (spec.id, spec.provider, spec.simulator) == ("my_cartpole", "me", "classic")
    assert (spec.base, spec.gym_id, spec.horizon) == ("CartPole-v1", "rltransfer/CartPole-v1", 500)
    length = spec.space["length"]
    assert (length.default, length.low, length.high, length.unit) == (0.5, 0.05, 5.0, "m")
    assert length.scale is Scale.LOG
    assert (spec.score.low, spec.score.high) == (0.0, 500.0)
    assert spec.splits["sunblaze"].train["length"] == (0.25, 0.75)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("title ", "#", "title: this key is required"),
        ("horizon ", "horizont ", r"horizont: this key is unknown \(did you mean 'horizon'\?\)"),
        (
            "horizon   = 500",
            'gym_id = "My Pole"\nhorizon = 500',
            "gym_id must be letters.*'My Pole'",
        ),
        ("horizon   = 500", "horizon = -1", "horizon must be more than 0; got -1"),
        ("[0.25, 0.75]", "[0.25, 0.75, 1.0]", "splits.sunblaze.train.length"),
        ("[0.25, 0.75]", "[0.25, 75.0]", r"'length' .* must lie in 0.05…5 m; got 75"),
        ("[splits.cadm.train]\nlength ", "[splits.cadm.train]\nlenght ", "did you mean 'length'"),
        ("default = 9.8", "defautl = 9.8", "unknown key 'defautl'; did you mean 'default'"),
        ("default = 9.8", "default = 98.0", "the default of context feature 'gravity' must lie in"),
        ('"log"', '"logarithmic"', "must be 'linear' or 'log'; got 'logarithmic'"),
        ("[context.gravity]", "[context.gravity", "env.toml: .*line"),
    ],
)
def test_a_mistake_is_named_with_its_file(
    write_family: WriteFamily, old: str, new: str, sentence: str
) -> None:
    folder = write_family(replace={old: new})
    with pytest.raises(InvalidExperiment, match=sentence) as caught:
        EnvironmentSpec.read(folder)
    assert str(folder / "env.toml") in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "env.toml").write_bytes(b"\xff\xfe title")
    with pytest.raises(InvalidExperiment, match=r"env\.toml"):
        EnvironmentSpec.read(tmp_path)


@pytest.mark.parametrize("spec", list(load_catalog()), ids=lambda spec: spec.id)
def test_our_own_entries_say_everything(spec: EnvironmentSpec) -> None:
    assert spec.title
    assert spec.cites
    assert spec.score.low < spec.score.high
    for feature in spec.space:
        assert feature.about, f"{feature.name} needs a word of explanation"
        assert feature.is_feasible(feature.default), "the unchanged environment can be solved"


@pytest.mark.parametrize("spec", list(load_catalog()), ids=lambda spec: spec.id)
def test_every_split_has_contexts_in_all_three_parts(spec: EnvironmentSpec) -> None:
    environment = ContextualEnv(spec)
    for name, plan in spec.splits.items():
        split = environment.split(name, 201, tuple(plan.train)[:1])
        assert split.train
        assert split.interpolation
        assert split.extrapolation
