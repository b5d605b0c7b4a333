"""Reviewing in a real browser, over HTTP: by keyboard, on a phone's screen, light and dark, and by axe."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect
from sqlmodel import select

from campaign.tokens import TokenUse, make_token
from campaign.wire import Product
from dev.servers.ports import HOST, free_ports
from settings import Settings
from storage.database import Database
from storage.queries.shop.catalogue import save_product
from storage.tables import ReviewRow
from tests.mail import LOYALTY, SECRET, mailing
from tests.web.test_browser import assert_fits, browser_page, tab_to
from web.app import create_app
from web.pages import reviews as review_page
from worker.health import serving

SCREENSHOTS = os.environ.get("AFTERGLOW_SCREENSHOTS")
"""A folder for pictures of the page, to be looked at by a person."""


@pytest.fixture
async def link(sqlite_tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The review link of a message that went out a moment ago, on a running web server."""
    database = Database(f"sqlite:///{shutil.copy(sqlite_tables, tmp_path / 'afterglow.db')}")
    monkeypatch.setattr(review_page, "now", lambda: LOYALTY + timedelta(hours=1))
    (port,) = free_ports(1)
    async with (
        mailing(database, tmp_path / "outbox") as mail,
        serving(create_app(Settings(secret_key=SECRET), database), HOST, port),
    ):
        mail.save(first_name="Ada", last_name="Lovelace")
        with database.transaction() as session:
            about = {
                "sku": "mug",
                "name": "Stoneware mug, moss",
                "url": "https://x.example",
                "currency": "USD",
            }
            save_product(session, Product.model_validate({**about, "price": "19.00"}))
        message = mail.claim()
        yield f"http://{HOST}:{port}/review/{make_token(SECRET, TokenUse.REVIEW, message.id)}"
    database.close()


def stored(tmp_path: Path) -> list[tuple[Any, ...]]:
    """Stars, words and name of all reviews."""
    database = Database(f"sqlite:///{tmp_path / 'afterglow.db'}")
    with database.reading() as session:
        rows = [(row.rating, row.text, row.author, row.state) for row in session.exec(select(ReviewRow))]
    database.close()
    return rows


async def test_reviewed_by_keyboard_on_a_phone(link: str, tmp_path: Path) -> None:
    """Stars of the email filled in, changed by arrow, words, no name, button by Enter: and it is saved."""
    async with browser_page() as page:
        await page.goto(f"{link}?item=mug&stars=3")
        await expect(page.get_by_role("heading", name="How do you like it?")).to_be_visible()
        await expect(page.get_by_role("radio", name="3 stars: all right")).to_be_checked()
        assert stored(tmp_path) == []
        await assert_fits(page)
        await tab_to(page, "input[name=stars]")
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("radio", name="4 stars: good")).to_be_checked()
        assert await filled(page) == 4
        await tab_to(page, "textarea")
        await page.keyboard.type("Keeps warm.")
        await tab_to(page, "input[name=author]")
        await page.keyboard.press("ArrowDown")
        await tab_to(page, "button")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Your review is saved")
        await expect(page.get_by_label("In your own words")).to_have_value("Keeps warm.")
    assert stored(tmp_path) == [(4, "Keeps warm.", None, "pending")]


async def filled(page: Page) -> int:
    """How many stars look filled."""
    seen = "[...document.querySelectorAll('.glyph')].map(g => getComputedStyle(g, '::before').content)"
    contents: list[str] = await page.evaluate(seen)
    return contents.count('"\u2605"')


async def test_a_mistake_is_announced_and_nothing_is_lost(link: str, tmp_path: Path) -> None:
    """A link in the words: the page says so, keeps what was written, and saves nothing."""
    async with browser_page() as page:
        await page.goto(f"{link}?item=mug&stars=5")
        await page.get_by_label("In your own words").fill("See https://spam.example")
        await page.get_by_role("button", name="Send the review").click()
        await expect(page.get_by_role("alert")).to_contain_text("take out links")
        await expect(page.get_by_label("In your own words")).to_have_value("See https://spam.example")
        await expect(page.get_by_role("radio", name="5 stars")).to_be_checked()
        await assert_accessible(page)
    assert stored(tmp_path) == []


async def assert_accessible(page: Page) -> None:
    """Axe finds nothing that it calls serious or critical."""
    found = (await Axe().run(page)).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []


@asynccontextmanager
async def in_colors(scheme: Literal["light", "dark"]) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page for a reader whose device is set so, and what the browser complains of."""
    async with browser_page() as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        await page.emulate_media(color_scheme=scheme)
        yield page, complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 700])
async def test_the_page_is_accessible(link: str, scheme: Literal["light", "dark"], width: int) -> None:
    """Form, saved form and an unknown link: nothing serious for axe, nothing too wide, no complaint."""
    async with in_colors(scheme) as (page, complaints):
        await page.set_viewport_size({"width": width, "height": 740})
        for name, address in (("form", f"{link}?item=mug&stars=4"), ("unknown", f"{link}x")):
            await page.goto(address)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await assert_accessible(page)
            await _picture(page, f"{name}-{scheme}-{width}")
        await page.goto(f"{link}?item=mug&stars=4")
        await page.get_by_label("In your own words").fill("Keeps warm. " * 20)
        await page.get_by_role("button").click()
        await expect(page.get_by_role("status")).to_be_visible()
        await assert_accessible(page)
        await _picture(page, f"saved-{scheme}-{width}")
    assert [text for text in complaints if "404" not in text] == []


async def _picture(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"review-{name}.png", full_page=True)
