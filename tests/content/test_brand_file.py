"""The brand in a file of its own: brand.toml beside campaign.toml, or [brand] in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaign.errors import BadCampaign
from content.loading import read_definition
from tests.facts import CAMPAIGN, default_definition

BRAND = re.compile(r"^\[brand\]\n.*?(?=^\[shop\])", re.MULTILINE | re.DOTALL)


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    """The default campaign with its brand in brand.toml."""
    text = CAMPAIGN.read_text("utf-8")
    brand = BRAND.search(text)
    assert brand
    own = brand[0].replace("[brand]\n", "").replace("[brand.colors", "[colors")
    (tmp_path / "brand.toml").write_text(own, "utf-8")
    (tmp_path / "campaign.toml").write_text(BRAND.sub("", text), "utf-8")
    return tmp_path / "campaign.toml"


def test_a_brand_of_its_own_file_is_the_same(campaign: Path) -> None:
    """Where it stands changes nothing."""
    assert read_definition(campaign) == default_definition()


def test_a_mistake_is_named_in_the_brands_file(campaign: Path) -> None:
    """Of form, of law, and of TOML."""
    file = campaign.with_name("brand.toml")
    text = file.read_text("utf-8")
    file.write_text(
        text.replace('accent = "#2f4a3c"', 'accent = "green"').replace("1 Sample", "Sample"), "utf-8"
    )
    with pytest.raises(BadCampaign) as caught:
        read_definition(campaign)
    assert {"brand.toml: colors.accent"} <= {problem.where for problem in caught.value.problems}
    file.write_text(text + "x = =", "utf-8")
    with pytest.raises(BadCampaign, match=r"brand\.toml:\d+:\d+: "):
        read_definition(campaign)


def test_a_brand_that_stands_twice_is_refused(campaign: Path) -> None:
    """Which of the two holds would be a guess."""
    campaign.write_text(CAMPAIGN.read_text("utf-8"), "utf-8")
    with pytest.raises(BadCampaign, match=r"campaign\.toml: brand: there is a brand\.toml beside it"):
        read_definition(campaign)
