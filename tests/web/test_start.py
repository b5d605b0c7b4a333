"""``/``: what a browser is shown at the address that `make dev` prints."""

from __future__ import annotations

import re

import httpx
import pytest

from settings import Settings
from storage.database import Database
from tests.facts import ROOT
from web.app import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def client_of(database: Database, settings: Settings) -> httpx.AsyncClient:
    """The app with these settings."""
    transport = httpx.ASGITransport(create_app(settings, database))
    return httpx.AsyncClient(transport=transport, base_url="http://shop")


async def test_a_browser_is_shown_where_the_pages_are(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every link leads to something."""
    monkeypatch.chdir(ROOT)
    async with client_of(database, Settings()) as client:
        page = await client.get("/", headers=BROWSER)
        assert page.status_code == 200
        links = re.findall(r'href="(.*?)"', page.text)
        assert set(links) == {"./preview", "./docs", "./readyz"}
        for link in ("/preview", "/docs"):
            assert (await client.get(link)).status_code == 200, link


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        (Settings(), {"Accept": "application/json"}),
        (Settings(public_url="https://links.example.com"), BROWSER),
    ],
    ids=["program", "exposed"],
)
async def test_nobody_else_is_shown_anything(
    database: Database, settings: Settings, headers: dict[str, str]
) -> None:
    """A program, and a customer who has cut off a link's end, read that nothing is there."""
    async with client_of(database, settings) as client:
        answer = await client.get("/", headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
