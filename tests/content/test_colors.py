"""A brand's colours stand in campaign.toml, once; emails and pages take them from there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaign.definition.colors import contrast
from campaign.definition.loading import parse_definition
from campaign.errors import BadCampaign
from content.checking.examples import full_example
from content.gathering import brand_of
from content.rendering import render_email
from tests.facts import CAMPAIGN, ROOT, default_definition
from web.pages.html import page

CONTENT = ROOT / "content" / "default"
OURS = CAMPAIGN.read_text("utf-8")


def changed(light: str, dark: str) -> str:
    """The default campaign with other accents."""
    return OURS.replace('"#2f4a3c"', f'"{light}"').replace('"#a9d2b8"', f'"{dark}"')


def test_a_colour_is_changed_in_one_place() -> None:
    """Another accent in campaign.toml is in the emails' HTML and on the pages, and the old one is nowhere."""
    definition = parse_definition(changed("#5b2a86", "#d9b8f2"))
    email = render_email(CONTENT, "win_back_best", full_example(brand_of(definition))).html
    shown = bytes(page("gone.html.j2", definition.brand).body).decode()
    for html in (email, shown):
        assert "#5b2a86" in html
        assert "#d9b8f2" in html
        assert not re.search("#2f4a3c|#a9d2b8", html)


@pytest.mark.parametrize("folder", [CONTENT / "email", ROOT / "web" / "pages" / "templates"])
def test_no_template_has_a_colour_of_its_own(folder: Path) -> None:
    """Layout, parts, pages and style sheet name colours; what an error looks like is no brand's."""
    for file in folder.iterdir():
        lines = [line for line in file.read_text("utf-8").splitlines() if "--alert" not in line]
        assert not re.search(r"(?<!&)#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b", "\n".join(lines)), file


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('"#2f4a3c"', '"#e8f0ea"', "brand.colors: accent can hardly be read on card - the contrast is 1.2"),
        ('"#12190f"', '"#c0c0c0"', "brand.colors.dark: on_accent can hardly be read on accent"),
        (
            '"#2f4a3c"',
            '"green"',
            'brand.colors.accent: has a form that is not accepted - write a colour such as "#2f4a3c"',
        ),
    ],
)
def test_colours_that_cannot_be_read_are_refused(old: str, new: str, mistake: str) -> None:
    """Text needs a contrast of 4.5 (WCAG AA), and a colour is written in hexadecimal."""
    with pytest.raises(BadCampaign) as caught:
        parse_definition(OURS.replace(old, new))
    assert mistake in str(caught.value)


def test_contrast_is_that_of_wcag() -> None:
    """Black on white is 21, a colour on itself 1, and WCAG's own example of grey is just enough."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#2f4a3c", "#2f4a3c") == 1
    assert 4.5 < contrast("#767676", "#ffffff") < 4.6


def test_an_older_definition_keeps_its_colours() -> None:
    """A campaign that began before there were any gets the defaults: the same as ours."""
    old = re.sub(r"\[brand\.colors.*?(?=\n\[shop\])", "", OURS, flags=re.DOTALL)
    assert parse_definition(old).brand.colors == default_definition().brand.colors
