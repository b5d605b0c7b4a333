"""Shops as they call: signed requests to a web server over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
from pydantic import SecretStr
from sqlmodel import SQLModel, select

from settings import Settings
from shops.signatures import signature_of
from starter import clock
from storage.database import Database
from tests.web.test_fuzz import FakeTemporal, served
from web.app import create_app

SECRETS = {"shopify": "7f0c4a9d13be58e2c6aa7d30", "woocommerce": "zD4kq9XwT2mVb7Rn5sJc"}
NONE: Mapping[str, str] = MappingProxyType({})
_NUMBERS = count(1)


@dataclass
class ShopCalls:
    """Both shops, calling one web server."""

    http: httpx.Client
    database: Database

    def shopify(
        self, topic: str, event: Any, headers: Mapping[str, str] = NONE, *, at: datetime | None = None
    ) -> httpx.Response:
        """Post an event as Shopify does; ``headers`` take the place of Shopify's own."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return self.http.post(
            "/webhooks/shopify", content=body, headers={**shopify_headers(topic, body, at), **headers}
        )

    def woocommerce(self, topic: str, event: Any, headers: Mapping[str, str] = NONE) -> httpx.Response:
        """Post an event as WooCommerce does; ``headers`` take the place of WooCommerce's own."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        return self.http.post(
            "/webhooks/woocommerce", content=body, headers={**woocommerce_headers(topic, body), **headers}
        )

    def rows(self, table: type[SQLModel]) -> list[Any]:
        """Every row of a table."""
        with self.database.reading() as session:
            return list(session.exec(select(table)))


def shopify_headers(topic: str, body: bytes, at: datetime | None = None) -> dict[str, str]:
    """What Shopify sends along; each event has an id of its own."""
    return {
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signature_of(body, SECRETS["shopify"]),
        "X-Shopify-Event-Id": f"event-{next(_NUMBERS)}",
        "X-Shopify-Triggered-At": (at or clock.now()).isoformat(),
        "X-Shopify-Shop-Domain": "shop.myshopify.com",
        "Content-Type": "application/json",
    }


def woocommerce_headers(topic: str, body: bytes) -> dict[str, str]:
    """What WooCommerce sends along; each delivery has an id of its own."""
    return {
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": signature_of(body, SECRETS["woocommerce"]),
        "X-WC-Webhook-Delivery-ID": f"delivery-{next(_NUMBERS)}",
        "X-WC-Webhook-Source": "https://shop.example.com/",
        "Content-Type": "application/json",
    }


@contextmanager
def calling_shops(database: Database, home: Path, **changes: Any) -> Iterator[ShopCalls]:
    """Serve an app that both shops can call; nothing of Temporal is there, and nothing of it is needed."""
    secrets: dict[str, Any] = {f"{name}_secret": SecretStr(secret) for name, secret in SECRETS.items()}

    async def connected() -> Any:
        return FakeTemporal()

    settings = Settings(home=home, database_url=database.url, **{**secrets, **changes})
    app = create_app(settings, database, connected)
    with served(app) as url, httpx.Client(base_url=url) as http:
        yield ShopCalls(http, database)
