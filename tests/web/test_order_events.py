"""``POST /orders/{id}/events`` with a refund of a part of the order."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from storage.database import Database
from storage.tables import OrderRow
from tests.web.test_orders import app, http
from tests.workflows.orders import noon, purchase

__all__ = ["app", "http"]  # fixtures
LINES = [{"sku": "mug", "quantity": 2, "unit_price": "10.00"}]


def refund(**changes: Any) -> dict[str, Any]:
    """A refund of one mug."""
    came_back = [{"sku": "mug", "quantity": 1}]
    values = {"status": "refunded", "at": noon().isoformat(), "refund_id": "r-1", "amount": "10.00"}
    return {**values, "lines": came_back, **changes}


async def report(http: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    """Report a refund."""
    return await http.post("/orders/o-1/events", json=refund(**changes))


def given_back(database: Database) -> str:
    """What is recorded as given back."""
    with database.reading() as session:
        row = session.get(OrderRow, "o-1")
        assert row
        return f"{row.refunded:.2f}"


async def test_a_part_of_an_order_is_refunded(http: httpx.AsyncClient, database: Database) -> None:
    """The same request ten times gets the same answer, and counts once; before its order it waits."""
    early = await report(http, refund_id="r-0", amount="1.00", lines=[])
    await http.post("/orders", json=purchase("o-1", lines=LINES))
    answers = [await report(http, lines=[{"sku": "lamp", "quantity": 1}]) for _ in range(10)]
    assert {answer.status_code for answer in (early, *answers)} == {202}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert answers[0].json()["not_in_order"] == ["lamp"]
    assert given_back(database) == "11.00"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"status": "delivered"}, "refund_id"),
        ({"amount": None}, "amount"),
        ({"refund_id": None}, "refund_id"),
        ({"amount": "20.02"}, "amount"),
        ({"amount": 5}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"lines": [{"sku": "mug", "quantity": 0}]}, "lines[0].quantity"),
    ],
)
async def test_a_refund_that_cannot_be_is_refused(
    http: httpx.AsyncClient, database: Database, changes: dict[str, Any], where: str
) -> None:
    """The answer names the field, and nothing of it is kept."""
    await http.post("/orders", json=purchase("o-1", lines=LINES))
    answer = await report(http, **changes)
    assert answer.status_code == 422
    assert [problem["where"] for problem in answer.json()["problems"]] == [where]
    assert given_back(database) == "0.00"
