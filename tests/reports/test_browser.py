"""The page in a real browser: what it renders, at the width of a desk and of a phone."""

import os
import re
import shutil
import subprocess

import matplotlib.image
import numpy as np
import pytest

from rltransfer.reports import write_report

pytestmark = pytest.mark.browser

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--allow-file-access-from-files")  # fmt: skip
DESK, PHONE = 900, 390
MEASURE = """<!DOCTYPE html><body style="margin:0"><iframe id="page" src="{url}"
style="border:0;width:{width}px;height:2000px"></iframe><p id="found"></p>
<script>
window.onload = () => {{
  const frame = document.getElementById("page"), inside = frame.contentDocument;
  const broken = [...inside.images].filter(image => !image.complete || !image.naturalWidth).length;
  const root = inside.documentElement;
  document.getElementById("found").textContent =
    `width=${{root.clientWidth}} needed=${{root.scrollWidth}} broken=${{broken}}`;
}};
</script></body>"""


@pytest.fixture
def browse(tmp_path):
    """A function that runs Chromium with an address and further flags, and returns what it says."""
    if CHROMIUM is None:
        pytest.skip("no chromium found: install Debian's package, or set CHROMIUM to a browser")

    def run(url, *flags):
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, url]
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        return done.stdout.decode("utf-8")

    return run


@pytest.fixture(scope="module")
def pages(one_seed, three_seeds, two_features, three_features):
    folders = {"one": one_seed, "three": three_seeds, "map": two_features, "many": three_features}
    return {name: write_report(folder) for name, folder in folders.items()}


def test_the_rendered_page_holds_every_section(browse, pages):
    dom = browse(pages["three"].as_uri(), "--dump-dom")
    for section in ("numbers", "coverage", "seed-0", "seed-2-matrix", "definitions", "provenance"):
        assert f'id="{section}"' in dom
    assert "<h1>cartpole-length</h1>" in dom


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("name", ["one", "three", "map", "many"])
def test_nothing_overflows_and_every_picture_loads(browse, pages, tmp_path, name, width):
    wrapper = tmp_path / "measure.html"
    wrapper.write_text(MEASURE.format(url=pages[name].as_uri(), width=width), encoding="utf-8")
    dom = browse(wrapper.as_uri(), "--dump-dom", "--window-size=1000,2000")
    found = re.search(r"width=(\d+) needed=(\d+) broken=(\d+)", dom)
    assert found, "the page could not be measured"
    assert [int(number) for number in found.groups()] == [width, width, 0]


@pytest.mark.parametrize(("width", "height"), [(DESK, 1600), (PHONE, 1600)])
def test_the_screenshot_shows_figures(browse, pages, tmp_path, width, height):
    shot = tmp_path / "shot.png"
    browse(pages["one"].as_uri(), f"--screenshot={shot}", f"--window-size={width},{height}")
    image = matplotlib.image.imread(shot)[..., :3]
    assert image.shape[:2] == (height, width)
    written = (image.min(axis=-1) < 0.5).mean()
    assert 0.005 < written < 0.5
    colored = np.ptp(image, axis=-1) > 0.3  # curves, sources: something that is not grey
    assert colored.sum() > 200


def test_dark_and_light(browse, pages, tmp_path):
    brightness = []
    for scheme in (1, 0):  # Chromium's numbers for light and dark
        shot = tmp_path / f"{scheme}.png"
        browse(pages["one"].as_uri(), f"--screenshot={shot}", "--window-size=900,500",
               f"--blink-settings=preferredColorScheme={scheme}")  # fmt: skip
        brightness.append(float(np.median(matplotlib.image.imread(shot)[..., :3])))
    light, dark = brightness
    assert light > 0.9
    assert dark < 0.2


def test_closed_seeds_are_printed_too(browse, pages, tmp_path):
    pdfs = {}
    for name in ("one", "three"):
        browse(
            pages[name].as_uri(), f"--print-to-pdf={tmp_path / name}.pdf", "--no-pdf-header-footer"
        )
        pdfs[name] = (tmp_path / f"{name}.pdf").read_bytes().count(b"/Type /Page\n")
    assert pdfs["three"] > pdfs["one"] + 2
