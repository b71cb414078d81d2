"""The hyperparameters that each algorithm takes, as data: a name, and what its value may be.

The names are those of Stable-Baselines3's constructors (checked against them by a test), without
what this package decides itself: environment, seed, device, buffers, logging. `noise_type` and
`noise_std` describe the action noise of SAC and TD3, as in rl-baselines3-zoo.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rltransfer.errors import InvalidExperiment, did_you_mean

__all__ = ["HYPERPARAMETERS", "Kind", "check_hyperparameters", "linear_start"]

LINEAR = re.compile(r"lin_(\d+(?:\.\d*)?(?:e[+-]?\d+)?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value may be: a test, and the words for it."""

    accepts: Callable[[Any], bool]
    text: str


def linear_start(value: Any) -> float | None:
    """Return 0.001 for "lin_0.001", a schedule that falls from there to 0; None for the rest."""
    match = LINEAR.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) if match else None


def is_number(value: Any) -> bool:
    """Say whether a value is a finite number and no bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: Any) -> bool:
    """Say whether a value is an int and no bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value: Any) -> bool:
    """Say whether a value is an int of at least 1."""
    return is_whole(value) and value >= 1


def is_positive(value: Any) -> bool:
    """Say whether a value is a number above 0."""
    return is_number(value) and value > 0


def is_share(value: Any) -> bool:
    """Say whether a value is a number between 0 and 1, both allowed."""
    return is_number(value) and 0 <= value <= 1


def is_widths(value: Any) -> bool:
    """Say whether a value is a list of layer widths."""
    return isinstance(value, (list, tuple)) and all(is_count(width) for width in value)


def is_train_freq(value: Any) -> bool:
    """Say whether a value is 4, or [4, "step"], or [1, "episode"]."""
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return is_count(value[0]) and value[1] in ("step", "episode")
    return is_count(value)


def is_entropy(value: Any) -> bool:
    """Say whether a value is a number ≥ 0, "auto", or "auto_0.1"."""
    if isinstance(value, str):
        return re.fullmatch(r"auto(_\d+(\.\d+)?)?", value) is not None
    return is_number(value) and value >= 0


def one_of(*names: str) -> Kind:
    """Return the kind whose values are some words."""
    return Kind(lambda value: value in names, " or ".join(repr(name) for name in names))


def net_arch_of(roles: set[str]) -> Kind:
    """Return the kind of a list of widths, or a table of lists for the given roles."""

    def accepts(value: Any) -> bool:
        if isinstance(value, Mapping):
            return set(value) == roles and all(map(is_widths, value.values()))
        return is_widths(value)

    table = ", ".join(f"{role} = [64, 64]" for role in sorted(roles))
    return Kind(accepts, "a list of widths" + (f", or the table {{ {table} }}" if roles else ""))


def table_of(kinds: Mapping[str, Kind]) -> Kind:
    """Return the kind of a table with these keys, any of which may be missing."""

    def accepts(value: Any) -> bool:
        return isinstance(value, Mapping) and all(
            name in kinds and kinds[name].accepts(entry) for name, entry in value.items()
        )

    keys = "; ".join(f"{name}: {kind.text}" for name, kind in kinds.items())
    return Kind(accepts, f"a table of ({keys})")


NUMBER = Kind(is_number, "a number")
POSITIVE = Kind(is_positive, "a number above 0")
SHARE = Kind(is_share, "a number from 0 to 1")
COUNT = Kind(is_count, "a whole number of at least 1")
WHOLE = Kind(is_whole, "a whole number")
FLAG = Kind(lambda value: isinstance(value, bool), "true or false")
SCHEDULE = Kind(
    lambda value: is_positive(value) or bool(linear_start(value)),
    "a number above 0, or 'lin_0.001' to fall from there to 0",
)
TRAIN_FREQ = Kind(is_train_freq, 'a whole number of steps, or [1, "episode"]')
ENTROPY = Kind(is_entropy, "a number of at least 0, or 'auto', or 'auto_0.1'")
TARGET_ENTROPY = Kind(lambda value: value == "auto" or is_number(value), "a number, or 'auto'")
ACTIVATION = one_of("tanh", "relu")

SDE = {"use_sde": FLAG, "sde_sample_freq": WHOLE}
NOISE = {"noise_type": one_of("normal", "ornstein-uhlenbeck"), "noise_std": POSITIVE}

ON_POLICY = {
    "learning_rate": SCHEDULE,
    "n_steps": COUNT,
    "gamma": SHARE,
    "gae_lambda": SHARE,
    "ent_coef": NUMBER,
    "vf_coef": NUMBER,
    "max_grad_norm": POSITIVE,
    "normalize_advantage": FLAG,
    **SDE,
    "policy_kwargs": table_of(
        {
            "net_arch": net_arch_of({"pi", "vf"}),
            "activation_fn": ACTIVATION,
            "log_std_init": NUMBER,
            "ortho_init": FLAG,
        }
    ),
}
OFF_POLICY = {
    "learning_rate": SCHEDULE,
    "buffer_size": COUNT,
    "learning_starts": WHOLE,
    "batch_size": COUNT,
    "tau": SHARE,
    "gamma": SHARE,
    "train_freq": TRAIN_FREQ,
    "gradient_steps": WHOLE,
    "n_steps": COUNT,
    "optimize_memory_usage": FLAG,
}
ACTOR_CRITIC_ARCH = {"net_arch": net_arch_of({"pi", "qf"}), "activation_fn": ACTIVATION}

HYPERPARAMETERS: dict[str, dict[str, Kind]] = {
    "PPO": {
        **ON_POLICY,
        "batch_size": COUNT,
        "n_epochs": COUNT,
        "clip_range": SCHEDULE,
        "clip_range_vf": SCHEDULE,
        "target_kl": POSITIVE,
    },
    "A2C": {**ON_POLICY, "use_rms_prop": FLAG, "rms_prop_eps": POSITIVE},
    "DQN": {
        **OFF_POLICY,
        "target_update_interval": COUNT,
        "exploration_fraction": SHARE,
        "exploration_initial_eps": SHARE,
        "exploration_final_eps": SHARE,
        "max_grad_norm": POSITIVE,
        "policy_kwargs": table_of({"net_arch": net_arch_of(set()), "activation_fn": ACTIVATION}),
    },
    "SAC": {
        **OFF_POLICY,
        **NOISE,
        "ent_coef": ENTROPY,
        "target_update_interval": COUNT,
        "target_entropy": TARGET_ENTROPY,
        **SDE,
        "use_sde_at_warmup": FLAG,
        "policy_kwargs": table_of({**ACTOR_CRITIC_ARCH, "log_std_init": NUMBER}),
    },
    "TD3": {
        **OFF_POLICY,
        **NOISE,
        "policy_delay": COUNT,
        "target_policy_noise": NUMBER,
        "target_noise_clip": NUMBER,
        "policy_kwargs": table_of(ACTOR_CRITIC_ARCH),
    },
}


def check_hyperparameters(algorithm: str, given: Mapping[str, Any]) -> None:
    """Refuse a hyperparameter that the algorithm does not have, or a value it cannot take.

    Raises:
        InvalidExperiment: naming the hyperparameter and what is allowed.
    """
    known = HYPERPARAMETERS[algorithm]
    for name, value in given.items():
        if name not in known:
            raise InvalidExperiment(
                f"{algorithm} has no hyperparameter {name!r}{did_you_mean(name, known)} "
                f"Allowed: {', '.join(sorted(known))}."
            )
        if not known[name].accepts(value):
            raise InvalidExperiment(
                f"{algorithm}'s {name} must be {known[name].text}; got {value!r}."
            )
