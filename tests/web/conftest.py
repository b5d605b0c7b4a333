"""The app on a shop's database, behind a token that the client has."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr
from temporalio.client import Client

from tests.shop import Shop
from web.app import create_app

TOKEN = "a-token-of-twenty-characters"  # noqa: S105 - a test's


@pytest.fixture
async def http(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    """The app on the shop's database, behind a token that the client has."""

    async def connected() -> Client:
        return shop.client

    settings = shop.settings.model_copy(update={"api_token": SecretStr(TOKEN)})
    app = create_app(settings, shop.database, connected)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://shop", headers=headers
        ) as client,
    ):
        yield client
