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

NAMES = ("chromium", "chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--allow-file-access-from-files")  # fmt: skip
DESK, PHONE = 900, 390
FRAME = '<iframe src="{url}" style="border:0;width:{width}px;height:2000px"></iframe>'
MEASURE = """<!DOCTYPE html><body>{frames}<p id="found"></p>
<script>
window.onload = () => {{
  const measured = [...document.querySelectorAll("iframe")].map(frame => {{
    const inside = frame.contentDocument, root = inside.documentElement;
    const broken = [...inside.images].filter(image => !image.complete || !image.naturalWidth);
    return `${{root.clientWidth}} ${{root.scrollWidth}} ${{broken.length}}`;
  }});
  document.getElementById("found").textContent = measured.join(";");
}};
</script></body>"""
"""A page that shows other pages in frames, and writes: width, width needed, broken pictures."""


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


def test_nothing_overflows_and_every_picture_loads(browse, pages, tmp_path):
    shown = [(page, width) for page in pages.values() for width in (DESK, PHONE)]
    frames = "".join(FRAME.format(url=page.as_uri(), width=width) for page, width in shown)
    wrapper = tmp_path / "measure.html"
    wrapper.write_text(MEASURE.format(frames=frames), encoding="utf-8")
    dom = browse(wrapper.as_uri(), "--dump-dom")
    found = re.search(r'<p id="found">([\d ;]+)</p>', dom)
    assert found, "the pages could not be measured"
    assert found[1].split(";") == [f"{width} {width} 0" for _, width in shown]


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
    sheets = {}
    for name in ("one", "three"):
        pdf = tmp_path / f"{name}.pdf"
        browse(pages[name].as_uri(), f"--print-to-pdf={pdf}")
        sheets[name] = pdf.read_bytes().count(b"/Type /Page\n")
    assert sheets["three"] > sheets["one"] + 2
