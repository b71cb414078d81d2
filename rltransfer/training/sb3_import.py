"""A policy from the `.zip` file of anyone's Stable-Baselines3. Imports torch: load it late.

`PPO.load` of a stranger's file runs whatever code its `data` member holds: cloudpickle. Here that
member is at most read as text; weights come from `policy.pth` alone, through torch's
`weights_only` reader, and everything else from the caller.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rltransfer.envs.wrappers import visible_space
from rltransfer.errors import InvalidPolicy
from rltransfer.files import open_plain, parse_json, require_small_archive
from rltransfer.training.algorithms import find
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import Normalization
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.sb3_agent import ACTIVATIONS
from rltransfer.training.sb3_weights import policy_from_weights

__all__ = ["import_sb3"]

MOST_BYTES = 1_000_000_000
"""Of the zip itself."""

SHARED = 4
"""How often a number in the file may be part of a tensor. One that repeats a single number without
end would fill the memory as soon as it is copied."""

MEMBERS = {
    "_stable_baselines3_version",
    "actor.optimizer.pth",
    "critic.optimizer.pth",
    "data",
    "ent_coef_optimizer.pth",
    "policy.optimizer.pth",
    "policy.pth",
    "pytorch_variables.pth",
    "system_info.txt",
    "tensors.pth",
}
HARMLESS = {
    "activation_fn", "log_std_init", "n_critics", "net_arch", "optimizer_class",
    "optimizer_kwargs", "ortho_init", "use_sde",
}  # fmt: skip
"""`policy_kwargs` that either do not change actions or show in the weights' shapes."""


def import_sb3(
    path: Path,
    algorithm: str,
    problem: TrainingProblem,
    normalization: Normalization | None = None,
) -> Policy:
    """Read an agent that anyone saved with Stable-Baselines3; runs no code from the file.

    Args:
        path: the zip.
        algorithm: that it was trained with.
        problem: what it was trained on; gives its spaces and context.
        normalization: the statistics of the VecNormalize it was trained with, if any; they are
            not in the zip.

    Raises:
        UnknownName: if there is no such algorithm.
        InvalidPolicy: if the file is no such zip, is a decompression bomb, or holds a policy of
            another shape or with settings that change its actions in a way not known here.
    """
    path = Path(path)
    default = find(algorithm).activation
    data, tensors = read_members(path)
    seen, actions = problem.env.spaces
    if problem.observe:
        seen = visible_space(seen, len(problem.observe))
    try:
        return policy_from_weights(
            algorithm=algorithm,
            weights=read_tensors(tensors),
            activation=declared_activation(data, default),
            spaces=(seen, actions),
            problem=problem,
            normalization=normalization,
            provenance={"imported": path.name},
        )
    except InvalidPolicy as error:
        raise InvalidPolicy(
            f"{path} is no {algorithm} policy for {problem.label}: {error}"
        ) from None


def read_members(path: Path) -> tuple[bytes, bytes]:
    """Return the members `data` and `policy.pth` of a zip, after checking all that it lists."""
    try:
        with open_plain(path.resolve(), MOST_BYTES) as file:
            require_small_archive(file)
            with zipfile.ZipFile(file) as archive:
                check_names(archive, path)
                data, tensors = archive.read("data"), archive.read("policy.pth")
        require_small_archive(io.BytesIO(tensors))
        return data, tensors
    except InvalidPolicy:
        raise
    except Exception as error:  # whatever a damaged archive provokes
        raise InvalidPolicy(f"{path} cannot be read as a Stable-Baselines3 zip: {error}.") from None


def check_names(archive: zipfile.ZipFile, path: Path) -> None:
    """Refuse members that repeat, that Stable-Baselines3 does not write, or that are missing."""
    names = archive.namelist()
    if len(set(names)) != len(names):
        raise InvalidPolicy(f"{path} lists a member twice.")
    if unknown := sorted(set(names) - MEMBERS):
        raise InvalidPolicy(
            f"{path} has a member {unknown[0][:80]!r} that Stable-Baselines3 does not write."
        )
    if missing := sorted({"data", "policy.pth"} - set(names)):
        raise InvalidPolicy(f"{path} lacks {missing[0]}: Stable-Baselines3 did not save it.")


def read_tensors(data: bytes) -> dict[str, NDArray[np.float32]]:
    """Read a state dictionary with torch's reader that knows tensors only."""
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a foreign file provokes
        first = str(error).partition("\n")[0]
        raise InvalidPolicy(f"policy.pth does not hold tensors only ({first[:200]})") from None
    if not isinstance(state, Mapping) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in state.items()
    ):
        raise InvalidPolicy("policy.pth must map names to tensors.")
    for name, tensor in state.items():
        if not is_plain(tensor):
            raise InvalidPolicy(f"{name[:80]!r} in policy.pth is not a plain tensor of numbers.")
    claimed = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    if claimed > SHARED * len(data):
        raise InvalidPolicy(f"the tensors in policy.pth claim {claimed:,} bytes of {len(data):,}.")
    return {name: tensor.to(torch.float32).numpy() for name, tensor in state.items()}


def is_plain(tensor: torch.Tensor) -> bool:
    """Say whether a tensor is an ordinary array of real numbers in memory."""
    dense = tensor.layout is torch.strided and tensor.device.type == "cpu"
    return dense and tensor.is_floating_point() and not tensor.is_quantized


def declared_activation(data: bytes, default: str) -> str:
    """Return the activation that the JSON member `data` names in passing; unpickles nothing.

    Raises:
        InvalidPolicy: if `policy_kwargs` holds something that would change the policy's actions.
    """
    try:
        described = parse_json(data, float)
        arguments = described.get("policy_kwargs") or {}
        names = {name for name in arguments if not name.startswith(":")}
    except (ValueError, AttributeError, TypeError):
        raise InvalidPolicy("its member data is not the JSON that it should be.") from None
    if unknown := sorted(names - HARMLESS):
        raise InvalidPolicy(f"policy_kwargs[{unknown[0][:80]!r}] is not supported.")
    if "activation_fn" not in names:
        return default
    known = {kind.__name__: name for name, kind in ACTIVATIONS.items()}
    found = re.search(r"(\w+)'>$", str(arguments["activation_fn"]))
    if found is None or found[1] not in known:
        raise InvalidPolicy(
            f"activation_fn must be {' or '.join(known)}; got "
            f"{repr(arguments['activation_fn'])[:80]}."
        )
    return known[found[1]]
