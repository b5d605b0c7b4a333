"""A headless Chromium that reaches this machine only: for pictures, and for checks of what is shown."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, Error, Page, Route, async_playwright

from campaign.errors import Unavailable
from dev.servers.ports import HOST

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic",
]  # fmt: skip

Scheme = Literal["light", "dark"]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Run a headless Chromium.

    Raises:
        Unavailable: none is installed.
    """
    async with async_playwright() as playwright:
        try:
            opened = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=ARGUMENTS
            )
        except Error:
            msg = "Chromium does not start: install Debian's package chromium"
            raise Unavailable(msg) from None
        yield opened
        await opened.close()


@asynccontextmanager
async def page(chromium: Browser, size: tuple[int, int], scheme: Scheme = "light") -> AsyncIterator[Page]:
    """Open a page that reaches loopback only: a picture shows what is here, wherever it is taken."""
    context = await chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, timezone_id="Etc/UTC"
    )
    await context.route("**/*", _loopback_only)
    yield await context.new_page()
    await context.close()


async def _loopback_only(route: Route) -> None:
    await (route.continue_() if urlsplit(route.request.url).hostname in (HOST, None) else route.abort())
