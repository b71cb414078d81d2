from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save

from rltransfer.errors import InvalidPolicy, StorageError
from rltransfer.files import open_json, seal_json
from rltransfer.training import Policy
from rltransfer.training.policy_folder import DESCRIPTION, WEIGHTS


@pytest.fixture
def folder(policy, tmp_path):
    policy.save(tmp_path)
    return tmp_path


def edit(folder: Path, change) -> None:
    """Change `policy.json`; both sha256 are put right afterwards."""
    from hashlib import sha256

    path = folder / DESCRIPTION
    table = open_json(path.read_bytes())
    change(table)
    table["weights_sha256"] = sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    path.write_text(seal_json(table))


def test_comes_back_as_it_was(trained, tmp_path):
    trained.policy.save(tmp_path)
    again = Policy.load(tmp_path)
    assert again.spec == trained.policy.spec
    assert list(again.weights) == list(trained.policy.weights)
    for name, weight in trained.policy.weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)
    observations = trained.observations(np.random.default_rng(5), n=20)
    np.testing.assert_array_equal(again.act(observations), trained.policy.act(observations))
    assert sorted(path.name for path in tmp_path.iterdir()) == [DESCRIPTION, WEIGHTS]


def test_equal_policies_make_equal_bytes(policy, folder, tmp_path):
    Policy(policy.spec, dict(reversed(policy.weights.items()))).save(tmp_path / "again")
    for name in (DESCRIPTION, WEIGHTS):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("name", [DESCRIPTION, WEIGHTS])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(InvalidPolicy, match=rf"{name} cannot be read .*Take the folder"):
        Policy.load(folder)


def test_no_changed_byte_of_the_weights_goes_unnoticed(folder):
    path = folder / WEIGHTS
    good = path.read_bytes()
    for at in np.random.default_rng(0).integers(len(good), size=100):
        bad = bytearray(good)
        bad[at] ^= 1 << (at % 8)
        path.write_bytes(bad)
        with pytest.raises(InvalidPolicy, match=r"sha256 differs"):
            Policy.load(folder)
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(InvalidPolicy, match=r"changed, damaged, or only half saved"):
        Policy.load(folder)


def test_no_damaged_description_does_worse_than_a_sentence(folder):
    path = folder / DESCRIPTION
    good = path.read_bytes()
    rng = np.random.default_rng(1)
    for cut in rng.integers(len(good) - 1, size=50):
        path.write_bytes(good[:cut])
        with pytest.raises(InvalidPolicy, match=DESCRIPTION):
            Policy.load(folder)
    for at in rng.integers(len(good), size=200):
        bad = bytearray(good)
        bad[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(bad)
        with pytest.raises(InvalidPolicy, match=DESCRIPTION):
            Policy.load(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not the JSON it should be"),
        ("[" * 100_000, "is not the JSON it should be"),
        ("[]", "it is not a table"),
        ("{}", "has format None; this version reads 1"),
        ('{"format": 2}', "has format 2; this version reads 1. Use the version"),
        ('{"format": 1, "format": 1}', "a key is repeated"),
        ('{"format": NaN}', "NaN is no number that JSON knows"),
        ('{"format": 1}', "weights_sha256: this key is required"),
        ("\udcff", "is not the JSON it should be"),
    ],
)
def test_a_description_that_is_none_is_refused(folder, text, message):
    (folder / DESCRIPTION).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InvalidPolicy, match=message):
        Policy.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p.update(colour="red"), "policy.colour: this key is unknown"),
        (lambda p: p.update(algorithm="HER"), "policy.algorithm must be "),
        (lambda p: p.update(algorithm="SAC"), "SAC has no discrete actions"),
        (
            lambda p: p["network"].update(actor=[7, -5]),
            "policy.network.actor.1 must be at least 1; got -5",
        ),
        (lambda p: p["network"].update(actor=["7", 5]), "policy.network.actor.0 must be a whole"),
        (lambda p: p["network"].update(actor=[8, 5]), "must have the shape"),
        (lambda p: p["network"].update(actor=[10**9]), "policy.network.actor.0 must be at most"),
        (lambda p: p["normalization"].update(mean=[0.0]), "a variance for each of 4 observations"),
        (
            lambda p: p["normalization"].update(var=[-1.0] * 4),
            "policy.normalization.var.0 must be ",
        ),
        (lambda p: p["observation_space"].update(low=[0.0]), "low and high must be equally long"),
        (lambda p: p["action_space"].update(n=3), "must have the shape"),
        (lambda p: p.update(observe=list("abcd")), "observe names 4 features of 4 observations"),
    ],
)
def test_a_description_that_does_not_fit_says_where(folder, change, message):
    edit(folder, lambda table: change(table["policy"]))
    with pytest.raises(InvalidPolicy, match=message):
        Policy.load(folder)


def test_weights_must_be_finite_float32_of_the_right_shapes(folder):
    weights = load_file(folder / WEIGHTS)
    for values, message in [
        (np.full(2, np.nan, np.float32), "not finite"),
        (np.zeros(2, np.float64), "must be float32; got float64"),
        (np.zeros(3, np.float32), r"must have the shape \(2,\); got \(3,\)"),
    ]:
        (folder / WEIGHTS).write_bytes(save({**weights, "action_net.bias": values}))
        edit(folder, lambda table: None)
        with pytest.raises(InvalidPolicy, match=message):
            Policy.load(folder)


def test_a_file_that_is_too_large_is_not_read(folder):
    os.truncate(folder / DESCRIPTION, 5_000_000)
    with pytest.raises(InvalidPolicy, match=r"5,000,000 bytes; at most 4,000,000 are read"):
        Policy.load(folder)


def test_weights_that_are_no_safetensors_are_refused(folder):
    (folder / WEIGHTS).write_bytes(b"\x80\x04K*.")
    edit(folder, lambda table: None)
    with pytest.raises(InvalidPolicy, match="is not a safetensors file"):
        Policy.load(folder)


@pytest.mark.parametrize("call", [1, 2])
def test_a_failed_save_leaves_a_whole_policy_or_none(folder, make_trained, monkeypatch, call):
    other = make_trained("DQN", "cartpole", hyperparameters={"buffer_size": 10}).policy
    calls = []

    def failing(source, target, replace=os.replace):
        calls.append(target)
        if len(calls) == call:
            raise OSError(28, "No space left on device")
        replace(source, target)

    before = Policy.load(folder).spec
    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(StorageError, match=r"could not be written: No space left.*try again"):
        other.save(folder)
    assert not list(folder.glob(".tmp-*"))
    if call == 1:
        assert Policy.load(folder).spec == before
    else:
        with pytest.raises(InvalidPolicy, match="only half saved"):
            Policy.load(folder)


def test_a_folder_that_cannot_be_made_is_a_sentence(policy, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"could not be written"):
        policy.save(tmp_path / "file" / "policy")
