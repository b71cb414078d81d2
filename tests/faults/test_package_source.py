"""The package itself holds nothing that turns data into code, but for the few places named here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import rltransfer

PACKAGE = Path(rltransfer.__file__).parent

DANGEROUS = {
    "pickle": r"^\s*(import|from)\s+(\w*pickle|dill|joblib\.numpy_pickle|shelve|marshal)\b",
    "a pickle called": r"\b(c?loud)?pickle\.\w*loads?\(",
    "torch.load": r"\btorch\.load\(",
    "eval": r"(?<![\w.])eval\(",
    "exec": r"(?<![\w.])exec\(",
    "YAML": r"\byaml\b",
    "a shell": r"shell\s*=\s*True|\bos\.(system|popen|exec\w*|spawn\w*)\(|subprocess\.getoutput",
    "unpacking": r"\.extractall\(|shutil\.unpack_archive",
    "allow_pickle": r"allow_pickle\s*=\s*True",
    "Stable-Baselines3's loaders": r"\b(PPO|A2C|DQN|SAC|TD3|VecNormalize|\w+Policy)\.load\(",
    "the environment in a file": r"\.recover_environment\(|EnvSpec\.from_json",
    "a server on all interfaces": r"0\.0\.0\.0",
}

ALLOWED = {
    ("testing/selector_contract.py", "pickle"): "the contract that selectors can be pickled",
    ("testing/selector_contract.py", "a pickle called"): "of what the test itself has pickled",
    ("testing/env_contract.py", "the environment in a file"): "of what the test itself has written",
    ("training/sb3_import.py", "torch.load"): "with weights_only=True, after the size is checked",
    ("envs/simulators/box2d/source.py", "exec"): "of Gymnasium's installed module, never of data",
}


def found() -> dict[tuple[str, str], list[str]]:
    hits: dict[tuple[str, str], list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for what, pattern in DANGEROUS.items():
                if re.search(pattern, line) and not line.lstrip().startswith(("#", "`", '"')):
                    hits.setdefault((str(path.relative_to(PACKAGE)), what), []).append(line)
    return hits


def test_nothing_else_can_run_code_from_data():
    assert set(found()) == set(ALLOWED)


def test_torch_reads_tensors_only():
    (line,) = found()["training/sb3_import.py", "torch.load"]
    assert "weights_only=True" in line


@pytest.mark.parametrize(
    "line",
    ["import pickle", "x = torch.load(f)", "eval(text)", "exec(code)", "run(c, shell=True)",
     "yaml.load(f)", "np.load(f, allow_pickle=True)", "PPO.load(path)", "os.system(c)"],
)  # fmt: skip
def test_the_search_finds_what_it_is_for(line):
    assert any(re.search(pattern, line) for pattern in DANGEROUS.values())
