import json
import re
import shutil
from base64 import b64decode
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from rltransfer.experiment.spec import Experiment
from rltransfer.reports import summarize, write_report
from rltransfer.reports.words import estimate_text, number

VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """A page's ids, headings, pictures, addresses and text; refuses tags that do not match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.tags, self.pictures, self.addresses = [], [], [], [], []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "img":
            self.pictures.append(attributes)
        self.addresses += [attributes[key] for key in ("src", "href", "data") if key in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


def read(path):
    return Page(path.read_text(encoding="utf-8"))


def one_line(text):
    return re.sub(r"[ \n]+", " ", text)


@pytest.fixture(scope="module")
def page(one_seed):
    return read(write_report(one_seed))


@pytest.fixture(scope="module")
def page_of_three(three_seeds):
    return read(write_report(three_seeds))


def test_every_section_is_there_once(page, page_of_three):
    shared = ["numbers", "coverage-section", "coverage", "definitions", "provenance"]
    assert [i for i in page.ids if i in shared] == shared
    for name in ("seed-0", "targets", "gaps", "matrix"):
        assert name in page.ids
    for seed in (0, 1, 2):
        for name in ("", "-targets", "-gaps", "-matrix"):
            assert f"seed-{seed}{name}" in page_of_three.ids
    assert "seeds" in page_of_three.ids
    for one in (page, page_of_three):
        assert len(set(one.ids)) == len(one.ids)


def test_the_numbers_of_the_summary_are_on_the_page(page_of_three, three_seeds):
    summary, text = summarize(three_seeds), one_line(page_of_three.text)
    for estimate in (summary.coverage, summary.selectors[1].coverage, summary.selectors[1].lead):
        assert estimate_text(estimate) in text
    assert number(summary.worst.gap) in text
    assert "75\N{NO-BREAK SPACE}%" in text
    assert "3 instead of 12 policies" in text
    assert "Only 3 training seeds" in text
    for reference in summary.references:
        assert reference.about in text


def test_words_are_defined_and_cited(page):
    text = one_line(page.text)
    for word in ("Coverage V", "Generalization gap ΔJ", "Regret", "Score and covered"):
        assert word in text
    assert "NeurIPS 2024" in text
    assert [tag for tag, _ in page.tags].count("math") == 3


def test_nothing_is_loaded_from_elsewhere(page, page_of_three):
    for one in (page, page_of_three):
        assert all(address.startswith("data:") for address in one.addresses)
        assert "script" not in {tag for tag, _ in one.tags}
        policy = next(a["content"] for _, a in one.tags if "http-equiv" in a)
        assert policy.startswith("default-src 'none'")
        for picture in one.pictures:
            svg = b64decode(picture["src"].partition("base64,")[2])
            ElementTree.fromstring(svg)
            assert not re.search(rb"href=\"(?!#|data:)", svg)


def test_every_picture_says_what_it_shows(page, page_of_three):
    assert len(page.pictures) == 5
    assert len(page_of_three.pictures) == 2 + 3 * 4
    for picture in (*page.pictures, *page_of_three.pictures):
        assert re.search(r"\d", picture["alt"])
        assert picture["alt"].endswith(".")
    assert page.text.count("How to read this.") == 5


def test_the_trained_policies_and_their_reasons_are_listed(page):
    text = one_line(page.text)
    assert "nothing is trained yet" in text
    assert "1,000" in text
    assert "12.5 s" in text
    assert "comparison" in text  # who asked for the multi-task policy


def test_provenance_and_the_experiment_are_on_the_page(page, page_of_three):
    text = one_line(page.text)
    for word in ("libraries numpy", "machine system", "command", "last policy"):
        assert word in text
    assert 'env = "cartpole"' in text
    assert "seeds = [ 0, 1, 2, ]" in one_line(page_of_three.text)


def test_only_the_first_of_several_seeds_is_open(page_of_three):
    seeds = {a["id"]: "open" in a for tag, a in page_of_three.tags
             if tag == "details" and "id" in a}  # fmt: skip
    assert seeds == {"seed-0": True, "seed-1": False, "seed-2": False}


def test_an_unfinished_study_says_so(unfinished):
    text = one_line(read(write_report(unfinished)).text)
    assert "Not finished." in text
    assert "Seed 7: nothing to report yet" in text


def test_odd_strings_are_escaped(one_seed, tmp_path):
    folder = tmp_path / "odd"
    shutil.copytree(one_seed, folder)
    odd = "<script>alert('x')</script> & \"quotes\" é 漢"
    (folder / "seed-0" / "provenance.json").write_text(
        json.dumps({"command": odd}), encoding="utf-8"
    )
    page = read(write_report(folder))
    assert "script" not in {tag for tag, _ in page.tags}
    assert odd in page.text


@pytest.mark.parametrize("study", ["two_features", "three_features"])
def test_several_features_make_a_page(study, request):
    folder = request.getfixturevalue(study)
    page = read(write_report(folder))
    assert "gravity" in one_line(page.text)
    assert "Covered:" not in page.text
    assert Experiment.read(folder / "seed-0" / "experiment.toml").name in page.text
