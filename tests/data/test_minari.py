from __future__ import annotations

import json
import sys
from dataclasses import fields, replace

import gymnasium as gym
import h5py
import minari
import numpy as np
import pytest
from minari.data_collector import EpisodeBuffer

from rltransfer.data import Transitions, load_dataset, write_dataset
from rltransfer.data.info import ContextRecord, DatasetInfo, ReferenceReturns
from rltransfer.errors import InvalidContext, InvalidDataset, MissingDependency, StorageError
from rltransfer.files import write_manifest

ID = "rltransfer/cartpole/two-lengths/random-v0"


def described(data, env="cartpole"):
    records = tuple(
        ContextRecord(
            context=dict(context),
            behaviours=({"algorithm": "PPO", "weights_sha256": "ab" * 32},),
            reference=ReferenceReturns(random=20.0, expert=500.0, episodes=100),
        )
        for context in data.contexts
    )
    return DatasetInfo(env=env, quality="random", contexts=records, simulator={"gym": "1"}, seed=1)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "datasets"


@pytest.fixture
def written(root, falls, cartpole):
    write_dataset(ID, falls, described(falls), cartpole, root)
    return root / ID


def same(one, other):
    return one.contexts == other.contexts and all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        and getattr(one, field.name).dtype == getattr(other, field.name).dtype
        for field in fields(Transitions)
        if field.name != "contexts"
    )


def metadata_file(folder):
    return folder / "data" / "metadata.json"


def edit(folder, **changes):
    """Change the metadata, and the manifest with it; None removes a key."""
    path = metadata_file(folder)
    metadata = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in metadata.items() if v is not None}))
    write_manifest(path.parent)


def message_of(id, env, root, **options):
    with pytest.raises(InvalidDataset) as caught:
        load_dataset(id, env, root, **options)
    return str(caught.value)


# -- ours --------------------------------------------------------------------------------------


def test_what_was_written_is_read(written, root, falls, cartpole):
    found = load_dataset(ID, cartpole, root)
    assert same(found.transitions, falls)
    assert found.info == described(falls)


def test_continuous_actions_too(pendulum, root):
    from rltransfer.data import UniformRandom, collect

    data = collect(pendulum, [{}], UniformRandom.of(pendulum), 450, seed=0)
    write_dataset("pendulum/any-v3", data, described(data, "pendulum"), pendulum, root)
    assert same(load_dataset("pendulum/any-v3", pendulum, root).transitions, data)


def test_minari_itself_reads_it(written, root, falls, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(root))
    assert list(minari.list_local_datasets()) == [ID]
    dataset = minari.load_dataset(ID)
    assert dataset.total_steps == len(falls)
    first = dataset[0]
    length = falls.episode_lengths[0]
    np.testing.assert_array_equal(first.observations[:-1], falls.observations[:length])
    np.testing.assert_array_equal(first.actions, falls.actions[:length])


def test_minaris_own_score_works_in_one_context(root, falls, cartpole, monkeypatch):
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(root))
    one = falls.only(falls.contexts[:1])
    write_dataset("one-v0", one, described(one), cartpole)
    dataset = minari.load_dataset("one-v0")
    assert minari.get_normalized_score(dataset, np.array([260.0])) == 0.5


def test_only_the_dataset_is_left_behind(written, root, monkeypatch):
    assert [path.name for path in root.iterdir()] == ["rltransfer"]
    files = sorted(path.name for path in written.rglob("*") if path.is_file())
    assert files == ["MANIFEST.json", "main_data.hdf5", "metadata.json"]


def test_the_environment_variable_is_as_before(root, falls, cartpole, monkeypatch):
    import os

    monkeypatch.setenv("MINARI_DATASETS_PATH", "elsewhere")
    write_dataset("aa/b-v0", falls, described(falls), cartpole, root)
    assert os.environ["MINARI_DATASETS_PATH"] == "elsewhere"


def test_the_root_may_be_relative(tmp_path, falls, cartpole, monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(tmp_path)
    write_dataset(ID, falls, described(falls), cartpole, Path("here"))
    assert same(load_dataset(ID, cartpole, tmp_path / "here").transitions, falls)


@pytest.mark.parametrize(
    "id",
    ["dots/g10.0-v0", "no-version", "../up-v0", "/root-v0", "a//b-v0", "x/data/y-v0", "", "ä/b-v0"],
)
def test_names_that_minari_trips_over_are_refused(id, root, falls, cartpole):
    with pytest.raises(InvalidDataset, match="must be words of letters"):
        write_dataset(id, falls, described(falls), cartpole, root)
    assert not root.exists()


def test_nothing_is_overwritten(written, root, falls, cartpole):
    before = metadata_file(written).read_bytes()
    with pytest.raises(InvalidDataset, match=r"there is a dataset .* already.*--version"):
        write_dataset(ID, falls, described(falls), cartpole, root)
    with pytest.raises(InvalidDataset, match="would lie inside the dataset"):
        write_dataset(f"{ID}/inner-v0", falls, described(falls), cartpole, root)
    assert metadata_file(written).read_bytes() == before


def test_a_failed_write_leaves_nothing(root, falls, cartpole, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(minari, "create_dataset_from_buffers", fail)
    with pytest.raises(StorageError, match="No space left"):
        write_dataset(ID, falls, described(falls), cartpole, root)
    assert list(root.iterdir()) == []


def test_a_description_of_other_contexts_is_refused(root, falls, cartpole):
    with pytest.raises(InvalidDataset, match="lists 1 contexts"):
        write_dataset(ID, falls, described(falls.only(falls.contexts[:1])), cartpole, root)


def test_data_of_another_family_are_refused(root, falls, pendulum):
    with pytest.raises(InvalidDataset, match=r"of pendulum have the shapes \(3,\) and \(1,\)"):
        write_dataset(ID, falls, described(falls), pendulum, root)
    assert not root.exists()


def test_unchained_transitions_are_refused(root, falls, cartpole):
    loose = replace(falls, next_observations=falls.next_observations + np.float32(1))
    with pytest.raises(InvalidDataset, match="each step begins where the one before"):
        write_dataset(ID, loose, described(falls), cartpole, root)
    assert not root.exists()


def test_without_minari_there_is_a_sentence(root, falls, cartpole, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingDependency, match=r"h5py is not installed.*rltransfer\[offline\]"):
        write_dataset(ID, falls, described(falls), cartpole, root)


def test_an_unknown_context_is_a_sentence(written, root, cartpole):
    table = json.loads(metadata_file(written).read_text())["rltransfer"]
    table["contexts"][0]["context"]["length"] = 77.0
    edit(written, rltransfer=table)
    assert "in a context that cartpole does not have" in message_of(ID, cartpole, root)
    table["contexts"][0]["context"] = {"lenght": 1.0}
    edit(written, rltransfer=table)
    assert "'lenght'" in message_of(ID, cartpole, root)


def test_another_familys_dataset_needs_a_context(written, root, cartpole):
    table = json.loads(metadata_file(written).read_text())["rltransfer"]
    edit(written, rltransfer={**table, "env": "wagonpole"})
    assert "is of the family 'wagonpole'" in message_of(ID, cartpole, root)
    taken = load_dataset(ID, cartpole, root, context={"length": 2.0})
    assert [x["length"] for x in taken.transitions.contexts] == [2.0]
    with pytest.raises(InvalidContext, match="length"):
        load_dataset(ID, cartpole, root, context={"length": 99.0})


def test_a_wrong_description_names_the_field(written, root, cartpole):
    edit(written, rltransfer={"format": 1, "env": "cartpole", "quality": "good", "contexts": []})
    assert "quality" in message_of(ID, cartpole, root)


# -- strangers' --------------------------------------------------------------------------------


def episode(T, rng, **changes):
    parts = {
        "observations": rng.normal(size=(T + 1, 4)),
        "actions": rng.integers(2, size=T),
        "rewards": rng.normal(size=T),
        "terminations": np.arange(T) == T - 1,
        "truncations": np.zeros(T, bool),
    }
    return EpisodeBuffer(**{**parts, **changes})


BOX = gym.spaces.Box(-np.inf, np.inf, (4,), np.float64)
TWO = gym.spaces.Discrete(2)


@pytest.fixture
def strange(root, monkeypatch):
    """Writes episodes as somebody else's Minari would."""

    def write(*episodes, id="toys/strange-v1", seen=BOX, actions=TWO, data_format="hdf5"):
        root.mkdir(exist_ok=True)
        monkeypatch.setenv("MINARI_DATASETS_PATH", str(root))
        with pytest.warns(UserWarning, match="recommended"):
            minari.create_dataset_from_buffers(
                id,
                list(episodes),
                observation_space=seen,
                action_space=actions,
                data_format=data_format,
            )
        return root / id

    return write


STRANGE = "toys/strange-v1"


def test_a_strangers_dataset_is_read(strange, root, cartpole):
    rng = np.random.default_rng(0)
    first, second = episode(3, rng), episode(2, rng)
    strange(first, second)
    found = load_dataset(STRANGE, cartpole, root)
    data = found.transitions
    assert data.observations.dtype == np.float32
    np.testing.assert_array_equal(data.observations[:3], first.observations[:-1].astype("f4"))
    np.testing.assert_array_equal(data.next_observations[3:], second.observations[1:].astype("f4"))
    np.testing.assert_array_equal(data.actions, [*first.actions, *second.actions])
    assert data.contexts == (cartpole.space.default,)
    assert found.info.quality == "unstated"
    assert found.info.contexts[0].reference is None


def test_a_dataset_that_is_not_in_hdf5_is_a_sentence(strange, root, cartpole):
    pytest.importorskip("pyarrow")
    strange(episode(3, np.random.default_rng(0)), data_format="arrow")
    assert "data_format is 'arrow'; only 'hdf5' is read" in message_of(STRANGE, cartpole, root)


def test_a_strangers_dataset_gets_the_context_that_is_named(strange, root, cartpole):
    strange(episode(3, np.random.default_rng(0)))
    found = load_dataset(STRANGE, cartpole, root, context={"length": 1.5})
    assert found.info.contexts[0].context["length"] == 1.5


EVIL = """
from pathlib import Path
Path(__file__).with_name("ran").touch()
import gymnasium
class Env(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (4,))
    action_space = gymnasium.spaces.Discrete(2)
"""


def test_a_strangers_dataset_runs_no_code(strange, root, cartpole, tmp_path, monkeypatch):
    (tmp_path / "evil_module_of_a_dataset.py").write_text(EVIL)
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = strange(episode(3, np.random.default_rng(0)))
    spec = gym.envs.registration.EnvSpec(id="Evil-v0", entry_point="evil_module_of_a_dataset:Env")
    text = spec.to_json()
    for spaces in ({}, {"observation_space": None, "action_space": None}):
        edit(folder, env_spec=text, eval_env_spec=text, **spaces)
        assert len(load_dataset(STRANGE, cartpole, root).transitions) == 3
    assert "evil_module_of_a_dataset" not in sys.modules
    assert not (tmp_path / "ran").exists()
    minari.load_dataset(STRANGE)  # Minari itself would have run it, so the trap works
    assert (tmp_path / "ran").exists()


RNG = np.random.default_rng(0)
NAN = np.array([0.0, np.nan, 1.0])


@pytest.mark.parametrize(
    ("options", "changes", "message"),
    [
        ({"seen": gym.spaces.Box(-1, 1, (3,))}, {}, "observation space is Box"),
        ({"actions": gym.spaces.Discrete(3)}, {}, r"action space is Discrete(3)"),
        ({"actions": gym.spaces.Discrete(2, start=1)}, {}, "action space is"),
        ({"actions": gym.spaces.Box(-1, 1, (1,))}, {}, "the family's is Discrete(2)"),
        ({"seen": gym.spaces.Dict({"a": BOX})}, {"observations": {"a": np.zeros((4, 4))}}, "Dict"),
        ({}, {"rewards": NAN}, "rewards of transition 1 are not finite"),
        ({}, {"observations": np.full((4, 4), np.inf)}, "observations of transition 0"),
        ({}, {"terminations": np.zeros(3, bool)}, "episode 0 has no end"),
        ({}, {"observations": np.zeros((3, 4))}, "observations must have the shape (4, 4)"),
        ({}, {"observations": np.zeros((4, 5))}, "observations must have the shape (4, 4)"),
        ({}, {"actions": np.zeros((3, 1), int)}, "actions must have the shape (3,)"),
        ({}, {"actions": np.array([0, 1, 2])}, "actions from 0 to 2; the family has 0 to 1"),
        ({}, {"truncations": np.zeros(2, bool)}, "truncated must have the shape (3,)"),
    ],
)
def test_what_does_not_fit_is_a_sentence(strange, root, cartpole, options, changes, message):
    strange(episode(3, RNG, **changes), **options)
    said = message_of(STRANGE, cartpole, root)
    assert message in said
    assert STRANGE in said


def test_other_bounds_of_actions_are_other_actions(strange, root, pendulum):
    acts = {"actions": np.zeros((3, 1)), "observations": np.zeros((4, 3))}
    seen = gym.spaces.Box(-8, 8, (3,))
    strange(episode(3, RNG, **acts), seen=seen, actions=gym.spaces.Box(-1, 1, (1,)))
    assert "action space is Box(-1.0, 1.0" in message_of(STRANGE, pendulum, root)
    strange(
        episode(3, RNG, **acts), id="toys/fits-v0", seen=seen, actions=gym.spaces.Box(-2, 2, (1,))
    )
    assert len(load_dataset("toys/fits-v0", pendulum, root).transitions) == 3


def test_an_empty_dataset_is_a_sentence(strange, root, cartpole):
    strange()
    assert "holds no episode" in message_of(STRANGE, cartpole, root)


def test_a_missing_dataset_is_a_sentence(written, root, cartpole):
    said = message_of(ID.replace("two", "tow"), cartpole, root)
    assert f"did you mean {ID!r}" in said


def spoil_json(folder):
    metadata_file(folder).write_text("{")


def spoil_list(folder):
    metadata_file(folder).write_text("[]")


def remove_json(folder):
    metadata_file(folder).unlink()


def spoil_hdf5(folder):
    (folder / "data" / "main_data.hdf5").write_bytes(b"not hdf5")


def remove_hdf5(folder):
    (folder / "data" / "main_data.hdf5").unlink()


def remove_episode(folder):
    with h5py.File(folder / "data" / "main_data.hdf5", "a") as file:
        del file["episode_1"]


def remove_rewards(folder):
    with h5py.File(folder / "data" / "main_data.hdf5", "a") as file:
        del file["episode_1"]["rewards"]


def unknown_space(folder):
    edit(folder, action_space='{"type": "Os"}')


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_json,
        spoil_list,
        remove_json,
        spoil_hdf5,
        remove_hdf5,
        remove_episode,
        remove_rewards,
        unknown_space,
    ],
)
def test_damage_is_a_sentence(written, root, cartpole, spoil):
    spoil(written)
    assert f"the dataset {ID!r} is damaged" in message_of(ID, cartpole, root)
