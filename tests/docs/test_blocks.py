"""Every command and every Python block of the README and the docs is run as it stands.

A block after the comment `<!-- slow -->` takes minutes and is run by `make test-slow`; one after
`<!-- another test: NAME -->` is what that test runs; one after `<!-- continues -->` is run after
the block before it, in the same folder.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*?) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```", re.M | re.S
)
RUN = ("python", "bash")


def blocks():
    for page in PAGES:
        for kind, text, mark, line in blocks_of(page.read_text(encoding="utf-8")):
            marks = [pytest.mark.slow, pytest.mark.timeout(1800)] if mark == "slow" else []
            yield pytest.param(kind, text, mark, marks=marks, id=f"{page.name}:{line}")


def blocks_of(page):
    """Return kind, text, mark and line of each block of a page that is to be run."""
    found = []
    for match in BLOCK.finditer(page):
        line = page[: match.start("text")].count("\n") + 1
        kind, text, mark = match["kind"], match["text"], match["mark"] or ""
        if mark == "continues":
            assert found[-1][0] == kind, f"line {line} continues another kind of block"
            found[-1][1] += text
        elif kind in RUN:
            found.append([kind, text, mark, line])
    return found


@pytest.fixture
def workplace(tmp_path):
    """A folder in which the reference run lies where the README says."""
    shutil.copytree(ROOT / "runs" / "reference", tmp_path / "runs" / "reference")
    return tmp_path


@pytest.mark.parametrize(("kind", "text", "mark"), list(blocks()))
def test_block(kind, text, mark, workplace):
    if mark.startswith("another test: "):
        name = mark.removeprefix("another test: ")
        found = [p for p in (ROOT / "tests").rglob("test_*.py") if f"def {name}(" in p.read_text()]
        assert found, f"no test is called {name}"
        return
    command = [sys.executable, "-c", text] if kind == "python" else ["bash", "-euc", text]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    own = {"PATH": path, "MINARI_DATASETS_PATH": str(workplace / "datasets")}
    done = subprocess.run(
        command, cwd=workplace, capture_output=True, text=True, env={**os.environ, **own}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_of_the_docs_is_in_the_navigation():
    said = (ROOT / "mkdocs.yml").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        assert f": {page.relative_to(ROOT / 'docs')}\n" in said, page.name


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_documentation_builds_without_a_warning(tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "reference" / "index.html").is_file()
