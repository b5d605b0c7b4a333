"""Coupons are used: by the shop's request and with orders, once, whoever reports it how often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select

from campaign.wire import Purchase
from starter import clock
from storage.database import Database
from storage.queries.campaigns.purchases import add_purchases
from storage.queries.people.customers import ensure_customers
from storage.tables import CouponRow
from tests.web.test_orders import app, client_of, http  # noqa: F401 - fixtures
from tests.workflows.orders import purchase

CODE = "BACK-BBBB-2222-CCCC"


@pytest.fixture(autouse=True)
def coupon(database: Database) -> None:
    """One issued coupon, valid for ten days; one code that nobody has; one coupon that is over."""
    now = clock.now()
    order = Purchase.model_validate(purchase("o-1", "c-1"))
    common: dict[str, Any] = {"offer": "come-back", "origin": "generated", "added_at": now}
    held = common | {"order_id": "o-1", "step": "win-back-best", "customer_id": "c-1", "reserved_at": now}
    rows = [
        held | {"code": CODE, "state": "issued", "expires_at": now + timedelta(days=10)},
        held | {"code": "BACK-OVER", "state": "void", "expires_at": now - timedelta(days=1)},
        common | {"code": "BACK-FREE", "state": "available"},
    ]
    with database.transaction() as session:
        ensure_customers(session, ["c-1"])
        add_purchases(session, [order])
        for row in rows:
            session.add(CouponRow(**row))


def states(database: Database) -> dict[str, tuple[str, str | None]]:
    """Return every coupon's state, and what it was redeemed with."""
    with database.reading() as session:
        return {row.code: (row.state, row.redeemed_order_id) for row in session.exec(select(CouponRow))}


async def use(http: httpx.AsyncClient, code: str, order_id: str, **more: Any) -> httpx.Response:  # noqa: F811
    """Redeem a code."""
    return await http.post(f"/coupons/{code}/redeem", json={"order_id": order_id, **more})


async def test_a_coupon_is_redeemed_once(http: httpx.AsyncClient, database: Database) -> None:  # noqa: F811
    """In small letters too; again with the same order it answers the same; with another it is refused."""
    answer = await use(http, CODE.lower(), "o-9", amount="7.96")
    assert answer.status_code == 200
    first = answer.json()
    assert (first["offer"], first["amount"], first["repeated"]) == ("come-back", "7.96", False)
    again = (await use(http, CODE, "o-9", amount="7.96")).json()
    assert again == {**first, "repeated": True}
    other = await use(http, CODE, "o-10")
    assert (other.status_code, other.json()["error"], other.json()["outcome"]) == (
        409,
        "coupon_refused",
        "used",
    )
    assert states(database)[CODE] == ("redeemed", "o-9")


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("BACK-FREE", 409, "unissued"),
        ("BACK-OVER", 409, "expired"),
        ("NOBODY-HAS-IT", 404, None),
        ("%20", 404, None),
    ],
)
async def test_what_cannot_be_redeemed(
    http: httpx.AsyncClient,  # noqa: F811
    database: Database,
    code: str,
    status: int,
    outcome: str | None,
) -> None:
    """Not given, over, unknown: each says so, and nothing changes."""
    before = states(database)
    answer = await use(http, code, "o-9")
    assert (answer.status_code, answer.json().get("outcome")) == (status, outcome)
    assert states(database) == before


async def test_it_needs_a_key(app: FastAPI) -> None:  # noqa: F811
    """Without one nobody can try codes."""
    async with client_of(app) as client:
        answer = await client.post(
            f"/coupons/{CODE}/redeem", json={"order_id": "o-9"}, headers={"Authorization": "Bearer none"}
        )
    assert answer.status_code == 401


async def test_an_order_redeems_its_coupon(http: httpx.AsyncClient, database: Database) -> None:  # noqa: F811
    """Reported twice it is one redemption; another order with the code is taken, and changes nothing."""
    order = {
        **purchase("o-2", "c-1"),
        "discount_codes": ["summer sale", {"code": CODE.lower(), "amount": "4.00"}],
    }
    for _ in range(2):
        assert (await http.post("/orders", json=order)).status_code == 202
    assert (await http.post("/orders", json={**order, "order_id": "o-3"})).status_code == 202
    assert states(database)[CODE] == ("redeemed", "o-2")


async def test_a_code_that_was_used_is_given_to_nobody(
    http: httpx.AsyncClient,  # noqa: F811
    database: Database,
) -> None:
    """An order with a code of the pool that nobody was given, or that is over: its discount is a fact."""
    order = {**purchase("o-2", "c-1"), "discount_codes": ["BACK-FREE", "BACK-OVER"]}
    assert (await http.post("/orders", json=order)).status_code == 202
    found = states(database)
    assert (found["BACK-FREE"], found["BACK-OVER"]) == (("redeemed", "o-2"), ("redeemed", "o-2"))


def test_codes_are_read_and_never_written() -> None:
    """A purchase takes codes from whoever starts a campaign, and gives them to no history."""
    order = Purchase.model_validate({**purchase("o-2", "c-1"), "discount_codes": [CODE]})
    assert order.discount_codes[0].code == CODE
    assert CODE not in order.model_dump_json()
    assert "discount_codes" not in order.model_dump_json()
