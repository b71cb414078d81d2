from __future__ import annotations

import base64
import contextlib
import io
import json
import zipfile
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

import rltransfer
from rltransfer.errors import InvalidPolicy, UnknownName
from rltransfer.files import archives
from rltransfer.training import TrainingProblem
from rltransfer.training.sb3_import import import_sb3


class Payload:
    """Touches a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.fixture(scope="module")
def problem():
    return TrainingProblem(rltransfer.make("cartpole"), [{"length": 0.3}])


@pytest.fixture(scope="module")
def saved(tmp_path_factory, problem):
    """A stranger's agent: plain Stable-Baselines3 on plain Gymnasium."""
    path = tmp_path_factory.mktemp("saved") / "agent.zip"
    agent = PPO("MlpPolicy", "CartPole-v1", seed=3, device="cpu")
    agent.save(path)
    return agent, path


def rewrite(source: Path, target: Path, **members: bytes | str | None) -> Path:
    """Copy a zip, replacing or adding members; None leaves one out."""
    changes = {name.replace("__", "."): data for name, data in members.items()}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, data in changes.items():
            if data is not None:
                new.writestr(name, data)
    return target


def data_of(path: Path) -> dict:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("data"))


def tensors(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def test_reads_a_strangers_agent(saved, problem):
    agent, path = saved
    policy = import_sb3(path, "PPO", problem)
    x = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    np.testing.assert_array_equal(policy.act(x), agent.predict(x, deterministic=True)[0])
    assert policy.spec.env == "cartpole"
    assert policy.spec.context["length"] == 0.3
    assert policy.spec.provenance == {"imported": "agent.zip"}


def test_reads_the_activation_that_the_file_declares(problem, tmp_path):
    relu = {"activation_fn": torch.nn.ReLU}
    agent = PPO("MlpPolicy", "CartPole-v1", seed=3, device="cpu", policy_kwargs=relu)
    agent.save(tmp_path / "relu.zip")
    policy = import_sb3(tmp_path / "relu.zip", "PPO", problem)
    assert policy.spec.network.activation == "relu"
    x = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    np.testing.assert_array_equal(policy.act(x), agent.predict(x, deterministic=True)[0])


@pytest.mark.parametrize("key", ["lr_schedule", "a_key_nobody_knows", "policy_kwargs"])
def test_a_payload_in_data_does_not_run(saved, problem, tmp_path, key):
    marker = tmp_path / "ran"
    data = data_of(saved[1])
    payload = base64.b64encode(cloudpickle.dumps(Payload(marker))).decode()
    data[key] = {":type:": "<class 'function'>", ":serialized:": payload}
    path = rewrite(saved[1], tmp_path / "bad.zip", data=json.dumps(data))
    import_sb3(path, "PPO", problem)
    assert not marker.exists()
    with contextlib.suppress(Exception):  # the library's own loader shows that the payload is real
        PPO.load(path)
    assert marker.exists()


def test_a_payload_among_the_weights_does_not_run(saved, problem, tmp_path):
    marker = tmp_path / "ran"
    path = rewrite(saved[1], tmp_path / "bad.zip", policy__pth=tensors({"w": Payload(marker)}))
    with pytest.raises(InvalidPolicy, match=r"policy.pth does not hold tensors only"):
        import_sb3(path, "PPO", problem)
    assert not marker.exists()


def test_other_members_are_not_even_opened(saved, problem, tmp_path):
    marker = tmp_path / "ran"
    bad = tensors(Payload(marker))
    path = rewrite(
        saved[1], tmp_path / "bad.zip", pytorch_variables__pth=bad, policy__optimizer__pth=b"junk"
    )
    import_sb3(path, "PPO", problem)
    assert not marker.exists()


def bomb(size: int) -> bytes:
    """A zip within which a member unpacks to `size` zeros."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data/0", bytes(size))
    return buffer.getvalue()


def test_refuses_what_unpacks_too_well(saved, problem, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS", 100_000)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data", "{}")
        archive.writestr("policy.pth", bytes(1_000_000))
    with pytest.raises(InvalidPolicy, match=r"policy.pth would unpack to more than 100 times"):
        import_sb3(path, "PPO", problem)
    rewrite(saved[1], path, policy__pth=bomb(1_000_000))
    with pytest.raises(InvalidPolicy, match=r"archive/data/0 would unpack to more than 100 times"):
        import_sb3(path, "PPO", problem)


def test_refuses_what_unpacks_to_too_much(saved, problem, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 10_000)
    with pytest.raises(InvalidPolicy, match=r"would unpack to more than 10,000 bytes"):
        import_sb3(saved[1], "PPO", problem)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"policy__pth": None}, "lacks policy.pth"),
        ({"data": None}, "lacks data: Stable-Baselines3 did not save it"),
        ({"evil__py": "import os"}, "member 'evil.py' that Stable-Baselines3 does not write"),
        ({"../../escape": "x"}, "does not write"),
        ({"policy__pth": b"\x80\x04K*."}, "cannot be read as a Stable-Baselines3 zip"),
        ({"policy__pth": tensors([1, 2])}, "policy.pth must map names to tensors"),
        ({"policy__pth": tensors({"w": torch.zeros(1)})}, "is missing"),
        ({"data": "nonsense"}, "data is not the JSON that it should be"),
        ({"data": '{"policy_kwargs": {"squash_output": true}}'}, "'squash_output'] is not supp"),
        ({"data": '{"policy_kwargs": {"activation_fn": "<class \'x.GELU\'>"}}'}, "must be Tanh or"),
    ],
)
def test_refuses_what_is_no_agent(saved, problem, tmp_path, members, message):
    path = rewrite(saved[1], tmp_path / "bad.zip", **members)
    with pytest.raises(InvalidPolicy, match=message):
        import_sb3(path, "PPO", problem)


def test_a_damaged_file_is_refused_or_harmless(saved, problem, tmp_path):
    good, path = saved[1].read_bytes(), tmp_path / "damaged.zip"
    rng = np.random.default_rng(0)
    for _ in range(150):
        bad = bytearray(good)
        for at in rng.integers(len(bad), size=3):
            bad[at] = rng.integers(256)
        cut = rng.integers(len(bad)) if rng.random() < 0.2 else len(bad)
        path.write_bytes(bad[:cut])
        with contextlib.suppress(InvalidPolicy):
            import_sb3(path, "PPO", problem)


def test_refuses_a_member_listed_twice(saved, problem, tmp_path):
    path = rewrite(saved[1], tmp_path / "twice.zip")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("policy.pth", b"")
    with pytest.raises(InvalidPolicy, match="lists a member twice"):
        import_sb3(path, "PPO", problem)


def test_says_what_does_not_fit(saved, problem, tmp_path):
    with pytest.raises(InvalidPolicy, match=r"is no DQN policy for cartpole\[.*q_net"):
        import_sb3(saved[1], "DQN", problem)
    with pytest.raises(UnknownName, match="did you mean 'PPO'"):
        import_sb3(saved[1], "ppo", problem)
    acrobot = TrainingProblem(rltransfer.make("acrobot"), [{}])
    with pytest.raises(InvalidPolicy, match=r"must have the shape"):
        import_sb3(saved[1], "PPO", acrobot)
    with pytest.raises(InvalidPolicy, match=r"nowhere.zip cannot be read"):
        import_sb3(tmp_path / "nowhere.zip", "PPO", problem)


def test_takes_the_statistics_that_the_zip_lacks(make_trained, tmp_path):
    trained = make_trained("PPO", "cartpole", normalize=True)
    trained.agent.save(tmp_path / "agent.zip")
    again = import_sb3(
        tmp_path / "agent.zip", "PPO", trained.problem, trained.policy.spec.normalization
    )
    x = trained.observations(np.random.default_rng(0))
    np.testing.assert_array_equal(again.act(x), trained.policy.act(x))
