from __future__ import annotations

from pathlib import Path

import pytest

from rltransfer.envs import EnvironmentSpec
from rltransfer.reports.catalogue import STRIPS, catalogue_page, own_families

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_the_documentation_is_what_the_families_say() -> None:
    page = (DOCS / "environments.md").read_text(encoding="utf-8")
    assert page == catalogue_page(own_families()), "run `make catalogue`"


@pytest.mark.parametrize("spec", own_families(), ids=lambda spec: spec.id)
def test_every_feature_preset_and_split_is_told(spec: EnvironmentSpec) -> None:
    page = catalogue_page([spec])
    for feature in spec.space:
        assert f"| `{feature.name}` | {feature.about} |" in page
        assert feature.range_text in page
    for preset in spec.presets.values():
        assert f"| `{preset.name}` |" in page
        assert preset.source in page
    for plan in spec.splits.values():
        assert f"`{plan.name}`" in page


def test_pictures_are_there() -> None:
    for name in STRIPS:
        assert (DOCS / "strips" / f"{name}.png").stat().st_size > 1000
