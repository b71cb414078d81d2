"""Files of strangers: none runs code, writes elsewhere, or fills the memory; one test per way."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rltransfer.cli.live import watched
from rltransfer.data import load_dataset
from rltransfer.data.transitions_file import FILE, read_transitions
from rltransfer.envs import load_catalog
from rltransfer.envs.simulators.mujoco.mjcf import require_plain_mjcf
from rltransfer.envs.simulators.sumo.elements import NETWORK, ROUTES
from rltransfer.envs.simulators.xml_file import beside, require_elements
from rltransfer.errors import CorruptRun, InvalidDataset, InvalidExperiment, InvalidPolicy
from rltransfer.errors import InvalidTransferMatrix as InvalidMatrix
from rltransfer.experiment.loop import continue_run
from rltransfer.files import open_json, seal_json, write_manifest
from rltransfer.runs import Run, SourceRecord
from rltransfer.runs.ledger import Ledger
from rltransfer.training import Policy, TrainingProblem
from rltransfer.transfer.files import read_matrix

GIGABYTE = 1_000_000_000
MEMORY = 300_000_000


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self.marker),)


@pytest.fixture
def marker(tmp_path) -> Path:
    return tmp_path / "ran"


@pytest.fixture
def bounded():
    """Whatever the test does, it must not take much memory."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEMORY


# -- zips: Stable-Baselines3 agents, NPZ -------------------------------------------------------


def agent(path: Path, *members: tuple[str, bytes], **tensors: object) -> Path:
    """A zip like those of Stable-Baselines3."""
    import torch

    weights = io.BytesIO()
    torch.save(tensors, weights)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data", "{}")
        archive.writestr("policy.pth", weights.getvalue())
        for name, data in members:
            archive.writestr(name, data)
    return path


def import_agent(path: Path, cartpole) -> Policy:
    from rltransfer.training.sb3_import import import_sb3

    return import_sb3(path, "PPO", TrainingProblem(cartpole, [{}]))


@pytest.mark.parametrize("name", ["../../escape", "/etc/escape", "a/../../escape", "evil.py"])
def test_an_agent_with_a_member_elsewhere(tmp_path, cartpole, name):
    path = agent(tmp_path / "agent.zip", (name, b"x"))
    with pytest.raises(InvalidPolicy, match="that Stable-Baselines3 does not write"):
        import_agent(path, cartpole)
    assert os.listdir(tmp_path) == ["agent.zip"]


def test_an_agent_whose_member_is_a_link(tmp_path, cartpole):
    path = tmp_path / "agent.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", "{}")
        link = zipfile.ZipInfo("policy.pth")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidPolicy, match="cannot be read as a Stable-Baselines3 zip"):
        import_agent(path, cartpole)


def test_an_agent_with_a_pickle(tmp_path, cartpole, marker):
    path = agent(tmp_path / "agent.zip", weight=Payload(marker))
    with pytest.raises(InvalidPolicy, match="does not hold tensors only"):
        import_agent(path, cartpole)
    assert not marker.exists()
    with zipfile.ZipFile(path) as archive:  # the payload is real
        inner = zipfile.ZipFile(io.BytesIO(archive.read("policy.pth")))
        name = next(name for name in inner.namelist() if name.endswith("data.pkl"))
        pickle.loads(inner.read(name))
    assert marker.exists()


def test_an_agent_that_is_a_decompression_bomb(tmp_path, cartpole, bounded):
    path = tmp_path / "agent.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data", "{}")
        archive.writestr("policy.pth", bytes(100_000_000))
    assert path.stat().st_size < 200_000
    with pytest.raises(InvalidPolicy, match="as a decompression bomb does"):
        import_agent(path, cartpole)


def test_an_agent_with_a_million_members(tmp_path, cartpole, bounded):
    entry = b"PK\x01\x02" + bytes(42)
    end = b"PK\x05\x06" + bytes(6) + (65535).to_bytes(2, "little") + bytes(10)
    (tmp_path / "agent.zip").write_bytes(entry * 1_000_000 + end)
    with pytest.raises(InvalidPolicy, match="lists more than 10,000 members"):
        import_agent(tmp_path / "agent.zip", cartpole)


def test_a_tensor_that_repeats_one_number_for_ever(tmp_path, cartpole, bounded):
    import torch

    path = agent(tmp_path / "agent.zip", w=torch.zeros(1).expand(10**6, 10**6))
    with pytest.raises(InvalidPolicy, match=r"claim 4,000,000,000,000 bytes of"):
        import_agent(path, cartpole)


@pytest.mark.parametrize("kind", ["sparse", "meta", "complex", "whole"])
def test_a_tensor_that_is_no_array_of_numbers(tmp_path, cartpole, kind):
    import torch

    tensor = {
        "sparse": lambda: torch.zeros(2, 2).to_sparse(),
        "meta": lambda: torch.zeros(2, device="meta"),
        "complex": lambda: torch.zeros(2, dtype=torch.complex64),
        "whole": lambda: torch.zeros(2, dtype=torch.int64),
    }[kind]()
    with pytest.raises(InvalidPolicy, match=r"is not a plain tensor|tensors only"):
        import_agent(agent(tmp_path / "agent.zip", w=tensor), cartpole)


def test_a_matrix_with_a_pickle(tmp_path, marker):
    objects = np.array([[Payload(marker)]], dtype=object)
    np.savez(tmp_path / "m.npz", J=objects, sources=np.zeros(1))
    with pytest.raises(InvalidMatrix, match="arrays of Python objects are refused"):
        read_matrix(tmp_path / "m.npz")
    assert not marker.exists()
    np.load(tmp_path / "m.npz", allow_pickle=True)["J"]
    assert marker.exists()


def test_a_matrix_that_is_a_bare_pickle(tmp_path, marker):
    (tmp_path / "m.npz").write_bytes(pickle.dumps(Payload(marker)))
    with pytest.raises(InvalidMatrix, match="is no NPZ archive"):
        read_matrix(tmp_path / "m.npz")
    assert not marker.exists()


def test_a_matrix_that_is_a_decompression_bomb(tmp_path, bounded):
    np.savez_compressed(tmp_path / "m.npz", J=np.zeros((1, 5_000_000)), sources=np.zeros(1))
    with pytest.raises(InvalidMatrix, match="as a decompression bomb does"):
        read_matrix(tmp_path / "m.npz")


def test_a_matrix_that_claims_more_than_it_holds(tmp_path, bounded):
    header = b"\x93NUMPY\x01\x00\x76\x00" + (
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }".ljust(117)
        + b"\n"
    )
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("J.npy", header)
        archive.writestr("sources.npy", header)
    with pytest.raises(InvalidMatrix, match="cannot be read"):
        read_matrix(tmp_path / "m.npz")


# -- tables ------------------------------------------------------------------------------------


def test_a_csv_that_unpacks_to_too_much(tmp_path, monkeypatch, bounded):
    monkeypatch.setattr("rltransfer.transfer.files.table_columns.MOST_TEXT", 1_000_000)
    with gzip.open(tmp_path / "m.csv.gz", "wb") as file:
        file.write(b"source.x,target.x,return\n" + b"0,0,0\n" * 5_000_000)
    with pytest.raises(InvalidMatrix, match="unpacks to more than 1,000,000 bytes"):
        read_matrix(tmp_path / "m.csv.gz")


def test_a_parquet_file_of_very_many_rows(tmp_path, monkeypatch, bounded):
    monkeypatch.setattr("rltransfer.transfer.files.table_columns.MOST_CELLS", 10_000_000)
    zeros = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, np.int8)), [0.0])
    names = ["source.x", "target.x", "return"]
    with pq.ParquetWriter(tmp_path / "m.parquet", pa.schema([(n, zeros.type) for n in names])) as w:
        for _ in range(4):
            w.write_table(pa.table([zeros] * 3, names=names))
    assert (tmp_path / "m.parquet").stat().st_size < 1_000_000
    with pytest.raises(InvalidMatrix, match="12,000,000 cells; at most 10,000,000 are read"):
        read_matrix(tmp_path / "m.parquet")


def test_a_parquet_file_with_one_word_again_and_again(tmp_path, bounded):
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int8)), ["x" * 1_000_000])
    table = pa.table([words, words, np.zeros(100_000)], names=["source.x", "target.x", "return"])
    pq.write_table(table, tmp_path / "m.parquet")
    with pytest.raises(InvalidMatrix, match=r"has a word of 1,000,000 letters"):
        read_matrix(tmp_path / "m.parquet")


@pytest.mark.parametrize("name", ["m.csv", "m.npz", "m.parquet"])
def test_a_matrix_that_is_a_device(tmp_path, name):
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(InvalidMatrix, match="does not exist"):
        read_matrix(tmp_path / name)


# -- policies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["policy.json", "policy.safetensors"])
@pytest.mark.parametrize("target", ["/dev/zero", "/etc/passwd"])
def test_a_policy_that_is_a_link(tmp_path, policy, name, target):
    policy.save(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(target)
    with pytest.raises(InvalidPolicy, match=f"{name} cannot be read .it is a link, not a file"):
        Policy.load(tmp_path)


@pytest.mark.parametrize(
    "header",
    [
        b'{"w":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}',
        b'{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}',
        b"[" * 10_000,
    ],
)
def test_a_policy_whose_tensors_claim_too_much(tmp_path, policy, header, bounded):
    from hashlib import sha256

    policy.save(tmp_path)
    data = len(header).to_bytes(8, "little") + header
    (tmp_path / "policy.safetensors").write_bytes(data)
    table = open_json((tmp_path / "policy.json").read_bytes())
    table["weights_sha256"] = sha256(data).hexdigest()
    (tmp_path / "policy.json").write_text(seal_json(table))
    with pytest.raises(InvalidPolicy, match="is not a safetensors file"):
        Policy.load(tmp_path)


# -- data sets ---------------------------------------------------------------------------------

h5py = pytest.importorskip("h5py")


def spoiled(dataset, spoil) -> None:
    """Change a data set's HDF5 file, with its manifest."""
    id, root = dataset
    with h5py.File(root / id / "data" / "main_data.hdf5", "a") as file:
        spoil(file, file["episode_0"])
    write_manifest(root / id / "data")


def external_link(file, episode):
    del episode["rewards"]
    episode["rewards"] = h5py.ExternalLink("/etc/other.hdf5", "/rewards")


def soft_link(file, episode):
    del episode["rewards"]
    episode["rewards"] = h5py.SoftLink("/episode_1/rewards")


def external_storage(file, episode):
    del episode["rewards"]
    episode.create_dataset("rewards", (8,), "u1", external=[("/etc/hostname", 0, 8)])


def virtual_storage(file, episode):
    del episode["rewards"]
    layout = h5py.VirtualLayout((8,), "f8")
    layout[:] = h5py.VirtualSource("/etc/other.hdf5", "x", (8,))
    episode.create_virtual_dataset("rewards", layout)


def objects(file, episode):
    del episode["rewards"]
    episode.create_dataset("rewards", data=["a", "b"], dtype=h5py.string_dtype())


def eight_gigabytes(file, episode):
    del episode["rewards"]
    episode.create_dataset("rewards", (GIGABYTE,), "f8", chunks=(1000,), compression="gzip")


def one_huge_chunk(file, episode):
    del episode["rewards"]
    episode.create_dataset("rewards", (3,), "f8", chunks=(10**8,), maxshape=(None,),
                           compression="gzip")  # fmt: skip


def itself(file, episode):
    episode["infos"] = episode


def again_and_again(file, episode):
    inner = episode.create_group("infos")
    for _ in range(5):
        outer = file.create_group(None)
        for k in range(30):
            outer[f"{k}"] = inner
        inner = outer
    del episode["infos"]
    episode["infos"] = inner


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (external_link, "is a link to another place"),
        (soft_link, "is a link to another place"),
        (external_storage, "keeps its numbers in another file"),
        (virtual_storage, "keeps its numbers in another file"),
        (objects, "must hold numbers; its type is object"),
        (eight_gigabytes, "claims arrays of more than"),
        (one_huge_chunk, "claims arrays of more than"),
        (itself, "nested too deep"),
        (again_and_again, "holds some object again and again|nested too deep"),
    ],
)
def test_a_data_set_that_is_no_tree_of_arrays(dataset, cartpole, spoil, message, bounded):
    spoiled(dataset, spoil)
    with pytest.raises(InvalidDataset, match=message):
        load_dataset(dataset[0], cartpole, dataset[1])


def test_a_data_set_that_names_code(dataset, cartpole, tmp_path, monkeypatch):
    (tmp_path / "stranger_code.py").write_text("import os\nos.mkdir('ran')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = dataset[1] / dataset[0] / "data" / "metadata.json"
    metadata = json.loads(path.read_text())
    spec = {"id": "stranger_code:Env-v0", "entry_point": "stranger_code:Env", "kwargs": {}}
    metadata |= {"env_spec": json.dumps(spec), "eval_env_spec": json.dumps(spec)}
    path.write_text(json.dumps(metadata))
    write_manifest(path.parent)
    assert len(load_dataset(dataset[0], cartpole, dataset[1]).transitions) == 60
    assert "stranger_code" not in sys.modules
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["metadata.json", "main_data.hdf5"])
def test_a_data_set_with_a_link(dataset, cartpole, name):
    path = dataset[1] / dataset[0] / "data" / name
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(InvalidDataset, match="it is a link, not a file"):
        load_dataset(dataset[0], cartpole, dataset[1])


def test_transitions_that_are_a_link_or_nest(tmp_path):
    from safetensors.numpy import save

    (tmp_path / FILE).symlink_to("/dev/zero")
    with pytest.raises(InvalidDataset, match="it is a link"):
        read_transitions(tmp_path / FILE)
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).write_bytes(save({"a": np.zeros(1)}, {"rltransfer": "[" * 50_000}))
    with pytest.raises(InvalidDataset, match="nests too deeply"):
        read_transitions(tmp_path / FILE)


# -- runs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["sources", ".lock", "working", "figures"])
def test_a_run_with_a_link_writes_nothing_elsewhere(run, tmp_path, place):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "precious").write_text("mine")
    path = run.path / place
    if path.exists():
        path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "outside" / ("precious" if place == ".lock" else ""))
    with pytest.raises(CorruptRun, match=r"is a link; within .* there may be none"):
        continue_run(run)
    assert os.listdir(tmp_path / "outside") == ["precious"]
    assert (tmp_path / "outside" / "precious").read_text() == "mine"


def test_a_source_that_lists_a_file_elsewhere(run):
    folder = run.source_folders()[0]
    for name in ("../../experiment.toml", "/etc/passwd"):
        manifest = json.loads((folder / "MANIFEST.json").read_text())
        manifest[name] = "0" * 64
        (folder / "MANIFEST.json").write_text(json.dumps(manifest, indent=1))
        with pytest.raises(CorruptRun, match=r"MANIFEST\.json is missing or damaged"):
            SourceRecord.read(folder)


def test_a_source_with_a_link(run):
    folder = run.source_folders()[0]
    (folder / "learning.csv").unlink()
    (folder / "learning.csv").symlink_to("/dev/zero")
    with pytest.raises(CorruptRun, match=r"learning\.csv cannot be read: it is a link"):
        SourceRecord.read(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key": "../../../escape"}, "key must match "),
        ({"key": {"a": 1}}, "key must be text"),
        ({"parents": ["/etc"]}, r"parents\.0 must match "),
        ({"shape": [10**8, 10**8]}, r"has 40 rows"),
        ({"shape": [10**12, 1]}, r"shape\.0 must be at most "),
        ({"steps": "many"}, "steps must be a whole number"),
        ({"context": {"length": "long"}}, r"context\.length must be a number"),
        ({"command": "rm"}, "command: this key is unknown"),
    ],
)
def test_a_result_that_lies(run, changes, message, bounded):
    folder = run.source_folders()[0]
    result = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps(result | changes))
    write_manifest(folder)
    with pytest.raises(CorruptRun, match=message):
        SourceRecord.read(folder)


# -- Optuna's storage --------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"\x80\x04K*.", b"[" * 100_000, b'{"op_code": 0}\n{"op'])
def test_a_study_that_is_none_is_made_again(run, experiment, text):
    run.study_file.write_bytes(text)
    Ledger.rebuilt(run.study_file, experiment.space, {"random": []})
    assert run.study_file.read_bytes() != text


def test_the_dashboards_study_cannot_be_written(run, experiment):
    Ledger.rebuilt(run.study_file, experiment.space, {"random": []})
    before = run.study_file.read_bytes()
    storage = watched(run.study_file)
    (study,) = storage.get_all_studies()
    with pytest.raises(PermissionError, match="is shown only"):
        storage.delete_study(study._study_id)
    assert run.study_file.read_bytes() == before


def test_the_dashboard_listens_on_this_machine_only(run, experiment, monkeypatch):
    from rltransfer.cli.live import serve

    heard = {}
    monkeypatch.setattr("optuna_dashboard.run_server", lambda storage, **rest: heard.update(rest))
    Ledger.rebuilt(run.study_file, experiment.space, {"random": []})
    serve(str(run.path), 8080, as_json=True)
    files = heard.pop("artifact_store")
    assert heard == {"host": "127.0.0.1", "port": 8080}
    with pytest.raises(PermissionError, match="are shown only"):
        files.write("id", None)


# -- XML: MJCF and SUMO ------------------------------------------------------------------------

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{BOMB}<mujoco>&b;</mujoco>", "it has a DOCTYPE"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><mujoco/>', "it has a DOCTYPE"),
        ('<mujoco><include file="/etc/passwd"/></mujoco>', "only files in its own folder"),
        ('<mujoco><include file="../secret.xml"/></mujoco>', "only files in its own folder"),
        ('<mujoco><include file="gone.xml"/></mujoco>', r"gone\.xml cannot be read as XML"),
        ('<mujoco><compiler meshdir="/etc"/></mujoco>', "only files in its own folder"),
        ('<mujoco><asset><mesh file="/etc/a.stl"/></asset></mujoco>', "only files in its own"),
        ('<mujoco><asset><texture fileup="../a.png"/></asset></mujoco>', "only files in its own"),
        ('<mujoco><replicate count="100000000"/></mujoco>', "more than 10,000 copies"),
        ('<mujoco><replicate count="1e8"/></mujoco>', "more than 10,000 copies"),
        (
            '<mujoco><replicate count="900"><replicate count="900"/></replicate></mujoco>',
            "more than 10,000 copies",
        ),
        ('<mujoco><flexcomp count="1000 1000 1000"/></mujoco>', "more than 10,000 copies"),
        ('<mujoco><texture width="100000" height="100000"/></mujoco>', "width='100000'; at most"),
        ('<mujoco><extension><plugin plugin="x"/></extension></mujoco>', "asks for a plug-in"),
        ("<a>" * 200 + "</a>" * 200, "deeper than 100 levels"),
    ],
)
def test_a_model_that_asks_for_too_much(tmp_path, text, message, bounded):
    (tmp_path / "model.xml").write_text(text)
    with pytest.raises(InvalidExperiment, match=message):
        require_plain_mjcf(tmp_path / "model.xml")


def test_models_that_include_each_other(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.xml").write_text(f'<mujoco><include file="{other}.xml"/></mujoco>')
    require_plain_mjcf(tmp_path / "a.xml")  # ends, and MuJoCo refuses it
    (tmp_path / "b.xml").write_text('<mujoco><include file="/etc/passwd"/></mujoco>')
    with pytest.raises(InvalidExperiment, match=r"b\.xml.* only files in its own folder"):
        require_plain_mjcf(tmp_path / "a.xml")


@pytest.mark.parametrize(
    ("known", "text", "message"),
    [
        (NETWORK, f"{BOMB}<net/>", "it has a DOCTYPE"),
        (NETWORK, '<net><e1Detector id="a" file="/etc/x"/></net>', "element <e1Detector>"),
        (NETWORK, '<net><lane file="/etc/x"/></net>', "names a file"),
        (ROUTES, '<routes><calibrator output="/etc/x"/></routes>', "element <calibrator>"),
        (ROUTES, '<routes><vType><param key="device.ssm.file" value="/x"/></vType></routes>',
         "names a file"),
        (ROUTES, '<routes><include href="/etc/passwd"/></routes>', "element <include>"),
        (ROUTES, '<routes xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include/></routes>',
         "has no place there"),
    ],
)  # fmt: skip
def test_a_road_that_writes(tmp_path, known, text, message):
    (tmp_path / "road.xml").write_text(text)
    with pytest.raises(InvalidExperiment, match=message):
        require_elements(tmp_path / "road.xml", known)


@pytest.mark.parametrize("name", ["/etc/passwd", "../../secret.xml", "../../../etc/passwd"])
def test_a_family_names_no_file_outside_the_catalogue(tmp_path, name):
    (tmp_path / "secret.xml").write_text("<net/>")
    folder = tmp_path / "families" / "mine"
    folder.mkdir(parents=True)
    with pytest.raises(InvalidExperiment, match="'network' must be a path from there to a file"):
        beside(folder, name, "network")


# -- plug-ins ----------------------------------------------------------------------------------


def test_listing_plug_ins_runs_none_of_them(tmp_path, monkeypatch):
    package = tmp_path / "stranger_plugin"
    (package / "pole").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('ran')\n")
    own = Path("envs/cartpole/env.toml").read_text()
    (package / "pole" / "env.toml").write_text(
        own.replace("[score]", 'gym_id = "Pole-v0"\n[score]', 1)
    )
    info = tmp_path / "stranger_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[rltransfer.envs]\nx = stranger_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    load_catalog.cache_clear()
    try:
        assert any("stranger_plugin" in str(x) for x in (*load_catalog(), load_catalog().broken))
        assert "stranger_plugin" not in sys.modules
        monkeypatch.setenv("RLTRANSFER_DISABLE_PLUGINS", "1")
        load_catalog.cache_clear()
        assert not any("stranger_plugin" in str(spec.folder) for spec in load_catalog())
    finally:
        monkeypatch.undo()
        load_catalog.cache_clear()


def test_a_run_cannot_name_a_simulator(tmp_path, experiment):
    text = experiment.to_toml().replace('env = "cartpole"', 'env = "os:mkdir"')
    run = Run.create(tmp_path / "run", text)
    with pytest.raises(InvalidExperiment, match="unknown environment 'os:mkdir'"):
        continue_run(run)
