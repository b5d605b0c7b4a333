"""Unsubscribing from a real campaign in a real browser, by mouse and keyboard, on a phone's screen."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Error, Page, async_playwright, expect
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from dev.servers.ports import HOST, free_ports
from storage.database import Database
from storage.migrate import upgrade
from tests.shop import Shop, running_shop, unique
from tests.workflows.orders import news, purchase, start
from web.app import create_app
from worker.health import serving

pytestmark = pytest.mark.temporal
CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 375, "height": 740}
#: Nothing but loopback is ever looked up.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@asynccontextmanager
async def browser_page() -> AsyncIterator[Page]:
    """A page in a browser that keeps nothing; skips where there is none (CI must have it)."""
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        except Error:
            if os.environ.get("CI"):
                raise
            pytest.skip("no Chromium on this machine: install Debian's package chromium")
        page = await browser.new_page(viewport={"width": PHONE["width"], "height": PHONE["height"]})
        yield page
        await browser.close()


@dataclass
class Letter:
    """A campaign that has sent its first email, and that email as a file."""

    shop: Shop
    campaign: Any
    still: TimeSkipper
    order_id: str
    file: Path

    async def let_time_pass(self) -> dict[str, Any]:
        """Let the campaign run to its end; return its result."""
        await self.still.fast_forward(self.campaign, None)
        result: dict[str, Any] = await self.campaign.result()
        return result


@pytest.fixture
async def letter(client: Client, tmp_path: Path) -> AsyncIterator[Letter]:
    """A worker, a web server and a campaign whose thank-you email has just been sent."""
    database = Database(f"sqlite:///{tmp_path / 'afterglow.db'}")
    upgrade(database)
    (port,) = free_ports(1)
    public = f"http://{HOST}:{port}"

    async def connected() -> Client:
        return client

    async with (
        running_shop(client, database, tmp_path / "home", public_url=public) as shop,
        serving(create_app(shop.settings, database, connected), HOST, port),
    ):
        yield await _first_letter(shop, tmp_path)
    database.close()


async def _first_letter(shop: Shop, folder: Path) -> Letter:
    shop.save()
    order = purchase(unique("o"))
    placed = datetime.fromisoformat(order["placed_at"])
    still = TimeSkipper(shop.client, config=TimeSkippingConfig(enabled=False))
    campaign = await start(still.client, order, news("processed", placed + timedelta(minutes=5)))
    # It is noon or so in New York: the thank-you is due two hours after the order was processed.
    await still.fast_forward(campaign, timedelta(days=1))
    (sent,) = shop.outbox
    file = folder / "letter.html"
    file.write_text(await asyncio.to_thread(html_of, sent), "utf-8")
    return Letter(shop, campaign, still, order["order_id"], file)


def html_of(path: Path) -> str:
    """The HTML of an outbox file."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    part = message.get_body(("html",))
    assert part is not None
    html: str = part.get_content()
    return html


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the keyboard is there, as somebody without a mouse does."""
    for _ in range(20):
        if await page.locator(f"{selector}:focus").count():
            return
        await page.keyboard.press("Tab")
    pytest.fail(f"{selector} cannot be reached by keyboard")


async def assert_fits(page: Page) -> None:
    """Nothing is wider than the phone, and everything to press is tall enough for a finger."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for control in await page.locator("button, label.option").all():
        box = await control.bounding_box()
        assert box is not None
        assert box["height"] >= 44


async def test_unsubscribed_in_the_browser(letter: Letter) -> None:
    """Email, link, page, button by keyboard; and the open campaign sends nothing more until its end."""
    async with browser_page() as page:
        await page.goto(letter.file.as_uri())
        await page.get_by_role("link", name="Unsubscribe").click()
        await expect(page.get_by_role("heading", name="Unsubscribe?")).to_be_visible()
        await expect(page.get_by_text("a•••@example.com")).to_be_visible()
        await assert_fits(page)
        await tab_to(page, "button")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    assert await letter.let_time_pass() == {"exit_reason": "completed", "messages_sent": 1}
    assert len(letter.shop.outbox) == 1
    later = [row.state for row in letter.shop.messages(letter.order_id)]
    assert later == ["sent"]


async def test_undone_in_the_browser(letter: Letter) -> None:
    """From the page that says so to the preferences: email again, but fewer, by keyboard; and it comes."""
    async with browser_page() as page:
        await page.goto(letter.file.as_uri())
        await page.get_by_role("link", name="Unsubscribe").click()
        await page.get_by_role("button", name="Unsubscribe").click()
        await page.get_by_role("link", name="undo").click()
        await expect(page.get_by_label("Neither")).to_be_checked()
        await expect(page.get_by_role("radio", name="SMS")).to_be_disabled()
        await assert_fits(page)
        await tab_to(page, "input[type=radio]")
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("radio", name="Email a•••@example.com")).to_be_checked()
        await tab_to(page, "input[type=checkbox]")
        await page.keyboard.press("Space")
        await tab_to(page, "button")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status")).to_have_text("Saved. This holds from now on.")
        await expect(page.get_by_role("radio", name="Email a•••@example.com")).to_be_checked()
        await expect(page.get_by_label("Send me fewer messages")).to_be_checked()
    result = await letter.let_time_pass()
    assert 1 < result["messages_sent"] < 4


async def test_nothing_from_strangers(letter: Letter) -> None:
    """The pages request nothing but themselves, and break no rule of their own policy."""
    requested: list[str] = []
    complaints: list[str] = []
    async with browser_page() as page:
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(letter.file.as_uri())
        for name in ("Unsubscribe", "Choose what we send you"):
            await page.goto(letter.file.as_uri())
            await page.get_by_role("link", name=name).click()
            await expect(page.get_by_role("button")).to_be_visible()
            assert (
                await page.evaluate("getComputedStyle(document.querySelector('button')).cursor") == "pointer"
            )
    assert {url.partition(":")[0] for url in requested} == {"file", "http"}
    assert all(url.startswith(("file:", f"http://{HOST}:")) for url in requested)
    assert complaints == []
