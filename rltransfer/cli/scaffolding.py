"""`rltransfer new-env`: a package with an environment family of one's own, to begin with."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path
from shlex import quote

from rltransfer.cli.output import console, escape, print_json
from rltransfer.contexts.feature import NAME
from rltransfer.envs import load_catalog
from rltransfer.errors import InvalidExperiment
from rltransfer.files import storage_errors

__all__ = ["Plugin", "make_plugin", "scaffold"]

TEMPLATES = Path(__file__).with_name("plugin")
FILES = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "{package}/__init__.py": "init.py",
    "{package}/simulator.py": "simulator.py",
    "{package}/{name}/env.toml": "env.toml",
    "tests/test_{name}.py": "test.py",
}
"""Where each file of a package lies, and the template that it is made from."""


@dataclass(frozen=True)
class Plugin:
    """A package with one family.

    Attributes:
        name: of the family, such as `my_robot`.

    Raises:
        InvalidExperiment: if the name cannot be a family's and a module's, or is taken.
    """

    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or iskeyword(self.name):
            raise InvalidExperiment(
                "a family's name must begin with a small letter and hold small letters, digits "
                f"and '_' only, and be no word of Python; got {self.name!r}. "
                f"Try {suggestion(self.name)!r}."
            )
        if self.name in (known := load_catalog()):
            raise InvalidExperiment(
                f"there is a family {known[self.name].id!r} already, from "
                f"{known[self.name].provider}; choose another name."
            )

    @property
    def project(self) -> str:
        """The distribution's name and its folder's, such as `rltransfer-my_robot`."""
        return f"rltransfer-{self.name}"

    @property
    def package(self) -> str:
        """The package that Python imports, such as `rltransfer_my_robot`."""
        return f"rltransfer_{self.name}"

    @property
    def title(self) -> str:
        """The name as a class is called, such as `MyRobot`."""
        return "".join(word.capitalize() for word in self.name.split("_"))

    def files(self) -> dict[str, str]:
        """Return the text of each file by its path in the package's folder."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        loader = FileSystemLoader(TEMPLATES)
        templates = Environment(
            loader=loader, undefined=StrictUndefined, keep_trailing_newline=True
        )
        names = {key: getattr(self, key) for key in ("name", "project", "package", "title")}
        return {
            path.format(**names): templates.get_template(f"{template}.jinja").render(names)
            for path, template in FILES.items()
        }


def suggestion(name: str) -> str:
    """Return a name that is near to one that cannot be used, and can."""
    near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return near if NAME.fullmatch(near) and not iskeyword(near) else f"my_{near or 'family'}"


def make_plugin(plugin: Plugin, place: Path) -> Path:
    """Write a package as a whole into a new folder of `place`; return that folder.

    Raises:
        InvalidExperiment: if the folder is there already.
        StorageError: if it cannot be written; then nothing is left.
    """
    folder = place / plugin.project
    if folder.exists() or folder.is_symlink():
        raise InvalidExperiment(
            f"{folder} is there already; choose another name, or another place with --out."
        )
    with storage_errors(folder):
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-env-", dir=place) as temporary:
            made = Path(temporary, plugin.project)
            for path, text in plugin.files().items():
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                (made / path).write_text(text, encoding="utf-8")
            shutil.move(made, folder)
    return folder


def scaffold(name: str, place: Path, as_json: bool) -> None:
    """Make a package, and say what to do next."""
    plugin = Plugin(name)
    folder = make_plugin(plugin, place)
    files, steps = sorted(plugin.files()), next_steps(plugin, folder)
    if as_json:
        print_json({"name": name, "folder": str(folder), "files": files, "next": steps})
        return
    console.print(f"Made {escape(str(folder))} with\n", soft_wrap=True)
    console.print("\n".join(f"  {path}" for path in files))
    console.print("\nNext:\n")
    console.print("\n".join(f"  {escape(step)}" for step in steps), soft_wrap=True)


def next_steps(plugin: Plugin, folder: Path) -> list[str]:
    """Return the commands that install a package, prove it and study its family."""
    return [
        f"pip install -e {quote(f'{folder}[test]')}",
        f"rltransfer check-env {plugin.name}",
        f"pytest {quote(str(folder))}",
        f"rltransfer run {plugin.name} --vary mass --targets 8 --rounds 2 --steps 20000",
    ]
