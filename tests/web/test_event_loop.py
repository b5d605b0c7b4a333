"""A slow database holds up the request that needs it, and no other."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from storage.database import Database
from tests.shop import Shop, unique
from tests.workflows.orders import purchase

pytestmark = pytest.mark.temporal


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_other_requests_are_answered_while_the_database_is_locked(
    http: httpx.AsyncClient, shop: Shop
) -> None:
    """Orders and news wait for the lock in threads; what only reads, and `/healthz`, answers meanwhile."""
    order = purchase(unique("o"))
    news = {"status": "processed", "at": order["placed_at"]}
    other = Database(shop.database.url)
    with other.transaction():
        waiting = [
            asyncio.create_task(request)
            for request in (
                http.post("/orders", json=order),
                http.post(f"/orders/{order['order_id']}/events", json=news),
                http.get("/readyz"),
            )
        ]
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get(f"/orders/{order['order_id']}")).status_code == 404
        assert not any(task.done() for task in waiting)
    assert (await waiting[0]).status_code == 202
    await asyncio.gather(*waiting)
    other.close()
