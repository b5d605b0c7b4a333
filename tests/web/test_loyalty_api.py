"""``PUT /customers/{id}/loyalty``: a standing is saved, and the next decision sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from campaign.wire import Purchase
from settings import Settings
from storage.database import Database
from storage.queries.campaigns.facts import load_facts
from storage.queries.campaigns.orders import save_order
from storage.queries.people.customers import ensure_customers
from tests.web.conftest import TOKEN
from tests.workflows.orders import purchase
from web.api.loyalty import LOYALTY
from web.app import create_app


@pytest.fixture
async def api(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The app on a database with one customer and an order."""
    with database.transaction() as session:
        ensure_customers(session, ["c-1"])
        save_order(session, Purchase.model_validate(purchase("o-1", "c-1")))
    app = create_app(Settings(api_token=SecretStr(TOKEN)), database)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://shop", headers=headers
    ) as client:
        yield client


def seen(database: Database) -> tuple[str | None, int | None]:
    """What the next decision about the order sees."""
    with database.reading() as session:
        known = load_facts(session, ["o-1"])[0].insight
        return known.loyalty_tier, known.loyalty_points


async def test_the_next_decision_sees_a_standing(api: httpx.AsyncClient, database: Database) -> None:
    """From the answer on; an older report changes nothing, and both null is none."""
    for body, expected in (
        (LOYALTY, ("sapling", 120)),
        ({**LOYALTY, "tier": "gold", "at": "2026-03-01T15:00:00Z"}, ("sapling", 120)),
        ({"tier": None, "points": None}, (None, None)),
    ):
        answer = await api.put("/customers/c-1/loyalty", json=body)
        assert (answer.status_code, answer.json()) == (200, {"customer_id": "c-1"})
        assert seen(database) == expected


@pytest.mark.parametrize(
    ("path", "body", "status", "expected"),
    [
        ("stranger", {"tier": "gold"}, 404, "no customer stranger"),
        ("c-1", {"points": -1}, 422, "points: is too small"),
        ("c-1", {"points": 2**31}, 422, "points: is too large"),
        ("c-1", {"tier": "x" * 41}, 422, "tier: is too long"),
        ("c-1", {"level": "gold"}, 422, "level: unknown field"),
        ("c-1", {"at": "2099-01-01T00:00:00Z"}, 422, "at: is more than two days in the future"),
    ],
)
async def test_what_cannot_be_is_refused(
    api: httpx.AsyncClient, database: Database, path: str, body: dict[str, Any], status: int, expected: str
) -> None:
    """By field and with what to send; nothing is saved."""
    answer = await api.put(f"/customers/{path}/loyalty", json=body)
    assert (answer.status_code, expected in answer.json()["detail"]) == (status, True), answer.text
    assert seen(database) == (None, None)
