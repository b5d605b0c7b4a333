"""A shop with one enrolled order, its marketer's folder, and the pages behind a key."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from activities.interface import ReceivedSignal
from campaign.wire import OrderStatus, OrderUpdate
from settings import Settings
from storage.database import Database
from tests.activities.test_activities import Shop
from tests.facts import PLACED, ROOT
from web.app import create_app

TOKEN = "a-token-of-twenty-characters"  # noqa: S105 - a test's
NAME = "<script>alert(1)</script>"


@dataclass
class Office:
    """The pages as the shop's people use them, and the folder that they edit."""

    http: httpx.AsyncClient
    app: FastAPI
    shop: Shop
    folder: Path
    home: Path

    async def get(self, path: str, **query: Any) -> httpx.Response:
        """Open a page with the key."""
        return await self.http.get(path, params=query or None, auth=("", TOKEN))

    @property
    def sent(self) -> list[Path]:
        """Every file in the outbox."""
        return [path for path in (self.home / "outbox").rglob("*") if path.is_file()]


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> AsyncIterator[Office]:
    """The order of a customer with a hostile name, processed after an hour."""
    shop = Shop(database)
    shop.customer(first_name=NAME)
    shop.enrol()
    update = OrderUpdate(status=OrderStatus.PROCESSED, at=PLACED + timedelta(hours=1))
    shop.decide("thank-you", PLACED + timedelta(hours=1), news=[ReceivedSignal(update=update)])
    folder = Path(shutil.copytree(ROOT / "content" / "default", tmp_path / "content"))
    settings = Settings(
        home=tmp_path, database_url=database.url, campaign=folder / "campaign.toml", templates=folder,
        api_token=SecretStr(TOKEN), test_addresses="me@shop.com",
    )  # fmt: skip
    app = create_app(settings, database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as http:
        yield Office(http, app, shop, folder, tmp_path)
