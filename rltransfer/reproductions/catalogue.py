"""The reproductions by name: every file in `papers/`, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from pydantic import ValidationError

from rltransfer.errors import InvalidExperiment, UnknownName, did_you_mean, explain_validation
from rltransfer.files import Unreadable, parse_toml
from rltransfer.reproductions.choosing import ChoosingSources
from rltransfer.reproductions.diversity import OfflineGeneralization
from rltransfer.reproductions.offline_to_online import OfflineToOnline
from rltransfer.reproductions.reproduction import Reproduction

__all__ = ["PROTOCOLS", "load_reproduction", "parse_reproduction", "reproduction_names"]

ENDING = ".toml"

PROTOCOLS: Mapping[str, type[Reproduction]] = MappingProxyType(
    {
        "choosing-sources": ChoosingSources,
        "offline-to-online": OfflineToOnline,
        "offline-generalization": OfflineGeneralization,
    }
)
"""How a reproduction is measured, by what its file calls it."""


def papers() -> Traversable:
    """Return the folder of the files."""
    return files(__package__) / "papers"


def reproduction_names() -> tuple[str, ...]:
    """Return the names of all reproductions, in order."""
    found = (path.name for path in papers().iterdir())
    return tuple(sorted(name.removesuffix(ENDING) for name in found if name.endswith(ENDING)))


def load_reproduction(name: str) -> Reproduction:
    """Read one reproduction.

    Raises:
        UnknownName: if there is none of this name; names the closest one.
        InvalidExperiment: if its file is wrong, naming the key.
    """
    if name not in reproduction_names():
        raise UnknownName(
            f"no reproduction is called {name!r}{did_you_mean(name, reproduction_names())} "
            "List them with `rltransfer reproduce --list`."
        )
    return parse_reproduction(name, (papers() / f"{name}{ENDING}").read_bytes())


def parse_reproduction(name: str, text: bytes) -> Reproduction:
    """Read a reproduction from the text of its file.

    Raises:
        InvalidExperiment: naming the file and the key that is wrong.
    """
    where = f"{name}{ENDING}"
    try:
        data = parse_toml(text)
    except Unreadable as error:
        raise InvalidExperiment(f"{where} cannot be read: {error}.") from None
    protocol = data.get("protocol")
    if not isinstance(protocol, str) or protocol not in PROTOCOLS:
        raise InvalidExperiment(
            f"{where}: protocol must be one of {', '.join(PROTOCOLS)}; got {protocol!r}."
        )
    try:
        return PROTOCOLS[protocol].model_validate({**data, "name": name})
    except ValidationError as error:
        raise InvalidExperiment(explain_validation(error, where)) from None
