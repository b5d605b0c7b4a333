"""Default messages in Chromium, for contrasting customers: accessible, with every picture, on every screen.

A cut of what `make screenshots` looks at whole: each customer once, each template, each language.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from PIL import Image

from campaign.definition.colors import CONTRAST, Colors, contrast
from campaign.errors import Unavailable
from content.gathering import brand_of
from dev.chromium import browser
from dev.sample_shop.draw import LOGO, PICTURES
from dev.sample_shop.people import PRODUCTS
from dev.screenshots.customers import customers
from dev.screenshots.messages import LANGUAGES, SCHEMES, Shot, definition, mail_page, shots, show, templates
from dev.screenshots.sheets import problems

OPAQUE = 250
LARGE_TEXT = 3.0  # WCAG 1.4.11: what is no text, and large text


def cut() -> Iterator[Shot]:
    """Each customer with another template, in another language."""
    for number, customer in enumerate(customers(brand_of(definition()))):
        template = templates()[number % len(templates())]
        yield from shots([LANGUAGES[number % len(LANGUAGES)]], [template], [customer])


async def test_messages_are_accessible_and_whole() -> None:
    """Light and dark, as wide as a phone and as a desk."""
    wrong: list[str] = []
    try:
        async with browser() as chromium, mail_page(chromium, 375) as shown:
            for shot in cut():
                await show(shown, shot.html)
                wrong += await problems(shown, shot, SCHEMES)
    except Unavailable:
        if os.environ.get("CI"):
            raise
        pytest.skip("no Chromium on this machine: install Debian's package chromium")
    assert wrong == []


async def test_a_problem_would_be_found() -> None:
    """A picture that is not there, a link without words, grey on grey and a wide table are each reported."""
    (shot,) = shots(["en"], ["thank_you"], ["first-time"])
    broken = (
        '<img src="https://shop.example.com/pictures/none.png"><a href="https://a.example"></a>'
        '<p style="color:#999;background:#aaa">Hello</p><div style="width:900px">wide</div></body>'
    )
    try:
        async with browser() as chromium, mail_page(chromium, 375) as shown:
            await show(shown, shot.html.replace("</body>", broken))
            found = " ".join(await problems(shown, shot, ["light"]))
    except Unavailable:
        pytest.skip("no Chromium on this machine: install Debian's package chromium")
    for problem in ("no picture", "link-name", "color-contrast", "image-alt", "pixels wide"):
        assert problem in found


def test_every_product_of_the_sample_shop_has_its_picture() -> None:
    """Square, 600 pixels wide, and a few KB each."""
    for product in PRODUCTS:
        file = PICTURES / f"{product['sku'].lower()}.png"
        with Image.open(file) as picture:
            assert picture.size == (600, 600)
        assert file.stat().st_size < 16_000, file


def test_the_logo_is_seen_on_white_and_on_black() -> None:
    """Mail programs that turn colours round leave pictures as they are."""
    with Image.open(PICTURES / f"{LOGO}.png") as picture:
        pixels = picture.convert("RGBA").tobytes()
    solid = [tuple(pixels[at : at + 3]) for at in range(0, len(pixels), 4) if pixels[at + 3] >= OPAQUE]
    assert len(solid) > 1_000
    colours = Colors()
    for red, green, blue in set(solid):
        ink = f"#{red:02x}{green:02x}{blue:02x}"
        assert min(contrast(ink, paper) for paper in (colours.page, colours.dark.page)) >= LARGE_TEXT, ink


def test_colours_can_be_read_when_a_mail_program_turns_them_round() -> None:
    """Forced dark mode inverts lightness: text, links, buttons and the fine print keep their contrast."""
    colours = Colors()
    on_card, on_tint = ("text", "muted", "accent"), ("text", "muted")
    pairs = [*((ink, "card") for ink in on_card), *((ink, "tint") for ink in on_tint)]
    pairs += [("muted", "page"), ("on_accent", "accent")]
    for ink, paper in pairs:
        turned = [_turned(getattr(colours, name)) for name in (ink, paper)]
        assert contrast(*turned) >= CONTRAST, (ink, paper)


def _turned(colour: str) -> str:
    return "#" + "".join(f"{255 - int(colour[at : at + 2], 16):02x}" for at in (1, 3, 5))
