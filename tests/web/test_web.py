"""The HTTP interface, as an order service sees it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from starter.client import Campaigns
from storage.database import Database
from tests.shop import Shop, unique
from tests.workflows.orders import purchase, waiting

pytestmark = pytest.mark.temporal
CONSENT = {"channel": "sms", "state": "granted", "source": "checkout"}


async def test_an_order_from_purchase_to_refund(http: httpx.AsyncClient, shop: Shop) -> None:
    """Contact data, purchase, news, and where it stands; each may be sent again without harm."""
    order_id, customer_id = unique("o/1"), unique("c")
    contact = {"email": "ada@example.com", "country": "US"}
    for _ in range(2):
        saved = await http.put(f"/customers/{customer_id}", json=contact)
        assert (saved.status_code, saved.json()) == (200, {"customer_id": customer_id})
    order = purchase(order_id, customer_id)
    started = await http.post("/orders", json=order)
    assert started.status_code == 202
    assert started.json()["workflow_id"] == f"post-purchase/{order_id}"
    assert (await http.post("/orders", json=order)).status_code == 202
    reported = await http.post(
        f"/orders/{order_id}/events", json={"status": "refunded", "at": order["placed_at"]}
    )
    assert (reported.status_code, reported.json()["status"]) == (202, "refunded")
    await shop.forwarded()
    assert (await shop.handle(order_id).result())["exit_reason"] == "refunded"
    seen = (await http.get(f"/orders/{order_id}")).json()
    assert (seen["exit_reason"], seen["customer_id"]) == ("refunded", customer_id)
    assert "ada@" not in str(seen)
    assert (await http.post("/orders", json=order)).content == started.content


async def test_news_from_before_its_order_is_refused(http: httpx.AsyncClient, shop: Shop) -> None:
    """A `delivered` of three days before the order is a mistake; one of the same day passes."""
    shop.save()
    order = purchase(unique("o"))
    assert (await http.post("/orders", json=order)).status_code == 202
    await shop.forwarded()
    await waiting(shop.handle(order["order_id"]))
    placed = datetime.fromisoformat(order["placed_at"])
    path = f"/orders/{order['order_id']}/events"
    early = await http.post(
        path, json={"status": "delivered", "at": (placed - timedelta(days=3)).isoformat()}
    )
    assert early.status_code == 422
    assert early.json()["problems"][0]["what"] == "is before the order was placed"
    same_day = {"status": "delivered", "at": (placed - timedelta(hours=9)).isoformat()}
    assert (await http.post(path, json=same_day)).status_code == 202
    await shop.handle(order["order_id"]).signal("stop", {"reason": "test"})


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/customers/c"), ("POST", "/orders"), ("POST", "/orders/o/events"), ("GET", "/orders/o")],
)
@pytest.mark.parametrize("given", [None, "Bearer wrong", "Basic dTpw", "Bearer é"])
async def test_without_the_token_nothing_happens(
    http: httpx.AsyncClient, method: str, path: str, given: str | None
) -> None:
    """401 and nothing else, with no token or another one."""
    http.headers.pop("Authorization")
    headers = {b"Authorization": given.encode()} if given else {}
    answer = await http.request(method, path, json={}, headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("PUT", "/customers/c", {"email": "nobody"}, "email"),
        ("PUT", "/customers/c", {"customer_id": "d"}, "customer_id"),
        ("PUT", "/customers/c", [1], "body"),
        ("POST", "/orders", purchase("o") | {"currency": "JPY", "total": "1.5"}, "total"),
        ("POST", "/orders", {"order_id": "x"}, "customer_id"),
        ("POST", "/orders", [], "body"),
        ("POST", "/orders/o/events", {"status": "lost", "at": "2026-03-01T12:00:00Z"}, "status"),
        ("POST", "/orders/o/events", {"status": "delivered", "at": "0001-01-01T00:00:00+14:00"}, "at"),
        ("POST", "/orders/o/events", {"status": "delivered", "at": "9999-12-31T23:59:59-05:00"}, "at"),
        ("POST", "/orders/o/events", {"status": "delivered", "at": 1_772_366_400}, "at"),
        ("POST", "/orders", purchase("o") | {"placed_at": "9999-12-31T23:59:59-05:00"}, "placed_at"),
        ("POST", "/orders", purchase("o") | {"placed_at": "0001-01-01T00:00:00+14:00"}, "placed_at"),
        ("POST", "/orders", purchase("(202) 555-0123"), "order_id"),
        ("PUT", "/customers/c", {"consents": [CONSENT | {"at": "9999-01-01T00:00:00Z"}]}, "consents[0].at"),
        ("PUT", "/customers/c", {"consents": [CONSENT | {"at": "2099-01-01T00:00:00Z"}]}, "consents[0].at"),
    ],
)
async def test_bad_input_names_the_field(
    http: httpx.AsyncClient, method: str, path: str, body: Any, where: str
) -> None:
    """422 with every problem: where, what, and the fix."""
    answer = await http.request(method, path, json=body)
    assert answer.status_code == 422
    assert where in [problem["where"] for problem in answer.json()["problems"]]


async def test_what_is_no_json_is_bad_input(http: httpx.AsyncClient) -> None:
    """A body that cannot be read is reported as such, not as a server's error."""
    answer = await http.post("/orders", content=b"{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_input")
    plain = await http.post("/orders", content=b"{}")
    assert plain.status_code == 415
    assert "Content-Type: application/json" in plain.json()["detail"]


async def test_an_id_that_no_order_can_have_is_not_found(http: httpx.AsyncClient) -> None:
    """Temporal refuses one of 2,000 characters: that is for ever, and nothing to come again for."""
    order_id = "x" * 2_000
    news = {"status": "delivered", "at": "2026-03-01T12:00:00Z"}
    read, reported = (
        await http.get(f"/orders/{order_id}"),
        await http.post(f"/orders/{order_id}/events", json=news),
    )
    assert (read.status_code, reported.status_code) == (404, 404)


async def test_a_nul_character_is_named(http: httpx.AsyncClient) -> None:
    """What the whole body has done wrong is said in its own words, not that it is no object."""
    answer = await http.put("/customers/c", json={"first_name": "A\x00"})
    assert (answer.status_code, answer.json()["error"]) == (422, "bad_customer")
    assert "NUL" in answer.json()["detail"]


async def test_unknown_orders_are_not_found(http: httpx.AsyncClient) -> None:
    """404 for looking; an order that comes later may still have this id, so that news of it is kept."""
    assert (await http.get("/orders/nobody")).status_code == 404


async def test_health_and_readiness(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alive without a token; ready while the database answers: without Temporal, as it says, orders wait."""

    async def away(_: object) -> bool:
        return False

    http.headers.pop("Authorization")
    assert (await http.get("/healthz")).json() == {"status": "ok"}
    assert (await http.get("/readyz")).json() == {"database": True, "temporal": True}
    monkeypatch.setattr(Campaigns, "answers", away)
    without = await http.get("/readyz")
    assert (without.status_code, without.json()) == (200, {"database": True, "temporal": False})
    monkeypatch.setattr(Database, "answers", lambda _: False)
    assert (await http.get("/readyz")).status_code == 503
