"""``POST /orders`` and its news: committed before they are answered, in lists too, with Temporal or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlmodel import select

from dev.bench.statements import recorded_statements
from settings import Settings
from starter import clock
from starter.client import connect
from storage.database import Database
from storage.tables import ConsentRow, CustomerRow, InboxRow, OrderEventRow, OrderRow
from tests.web.conftest import TOKEN
from tests.worker.test_forwarder import Temporal
from tests.workflows.orders import purchase
from web.app import create_app
from web.receiving.receiver import Receiver

NOWHERE = "127.0.0.1:1"
CONTACT = {"email": "ada@example.com", "first_name": "Ada"}
NEWS = {"status": "processed", "at": "2026-03-02T15:20:00Z"}


def settings_of(**changes: Any) -> Settings:
    """Settings with a key, which is then looked up nowhere."""
    return Settings(api_token=SecretStr(TOKEN), **changes)


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """A client of the app that has the key."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop", headers=headers)


@pytest.fixture
async def app(database: Database) -> AsyncIterator[FastAPI]:
    """The app, with no Temporal anywhere."""
    made = create_app(settings_of(), database, lambda: connect(lazy=True, target_host=NOWHERE))
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app."""
    async with client_of(app) as client:
        yield client


def count(database: Database, table: Any) -> int:
    """How many rows a table has."""
    with database.reading() as session:
        return len(session.exec(select(table)).all())


async def test_the_same_request_ten_times_gets_the_same_answer(
    http: httpx.AsyncClient, database: Database
) -> None:
    """Byte for byte, at once or one after the other, though no Temporal is there; it is saved once."""
    order = purchase("o/1") | {"customer": CONTACT}
    answers = await asyncio.gather(*(http.post("/orders", json=order) for _ in range(5)))
    answers += [await http.post("/orders", json=order) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json() == {
        "order_id": "o/1", "workflow_id": "post-purchase/o/1",
        "url": "http://localhost:8233/namespaces/default/workflows/post-purchase%2Fo%2F1",
    }  # fmt: skip
    assert [count(database, table) for table in (OrderRow, InboxRow, CustomerRow)] == [1, 1, 1]
    news = [await http.post("/orders/o/1/events", json=NEWS | {"at": order["placed_at"]}) for _ in range(10)]
    assert ({answer.status_code for answer in news}, len({answer.content for answer in news})) == ({202}, 1)
    assert [count(database, table) for table in (OrderEventRow, InboxRow)] == [1, 2]


async def test_an_order_that_waits_can_be_looked_at(http: httpx.AsyncClient) -> None:
    """Where it waits and since when; ready all the same, and the page says what is missing."""
    await http.post("/orders", json=purchase("o-1"))
    seen = (await http.get("/orders/o-1")).json()
    assert (seen["customer_id"], seen["inbox"]["state"]) == ("c-1", "waiting")
    ready = await http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"database": True, "temporal": False})


async def test_another_order_under_a_known_id_is_a_conflict(
    http: httpx.AsyncClient, database: Database
) -> None:
    """409 as a problem that has both versions of what differs; its contact data is not saved either."""
    await http.post("/orders", json=purchase("o-1"))
    other = purchase("o-1", total="41.00", customer_id="c-2") | {"customer": CONTACT}
    answer = await http.post("/orders", json=other)
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, "application/problem+json")
    body = answer.json()
    assert (body["status"], body["error"]) == (409, "order_conflict")
    assert body["known"] == {"customer_id": "c-1", "total": "20.00"}
    assert body["sent"] == {"customer_id": "c-2", "total": "41.00"}
    assert [problem["where"] for problem in body["problems"]] == ["customer_id", "total"]
    assert "ada@" not in answer.text
    assert count(database, CustomerRow) == 1


async def test_a_list_is_answered_one_by_one(http: httpx.AsyncClient, database: Database) -> None:
    """Each in its place with its own status and problem; the good ones are saved; again, the same answer."""
    bad = purchase("o-3") | {"total": 5}
    orders = [purchase("o-1"), bad, purchase("o-2", "c-2"), purchase("o-1", total="1.00"), "no order"]
    first = await http.post("/orders", json=orders)
    assert first.status_code == 200
    answers = first.json()["orders"]
    assert [answer["status"] for answer in answers] == [202, 422, 202, 409, 422]
    assert [answer["order_id"] for answer in answers] == ["o-1", None, "o-2", "o-1", None]
    assert answers[0]["workflow_id"] == "post-purchase/o-1"
    assert answers[1]["problem"]["problems"][0]["where"] == "total"
    assert answers[3]["problem"]["known"] == {"total": "20.00"}
    assert [answer["problem"] is None for answer in answers] == [True, False, True, False, False]
    assert (await http.post("/orders", json=orders)).content == first.content
    assert count(database, InboxRow) == 2


@pytest.mark.parametrize("number", [0, 501])
async def test_a_list_has_its_bounds(http: httpx.AsyncClient, database: Database, number: int) -> None:
    """None, or more than 500: refused as a whole, in words."""
    answer = await http.post("/orders", json=[purchase(f"o-{n}") for n in range(number)])
    assert (answer.status_code, answer.json()["problems"][0]["where"]) == (422, "body")
    assert count(database, OrderRow) == 0


async def test_contact_data_comes_with_an_order(http: httpx.AsyncClient, database: Database) -> None:
    """Saved in the same transaction, consents too; what is wrong with it is named, and nothing is saved."""
    consent = {"channel": "sms", "state": "granted", "source": "checkout", "at": "2026-03-02T15:00:00Z"}
    contact = CONTACT | {"phone": "+12025550123", "consents": [consent]}
    assert (await http.post("/orders", json=purchase("o-1") | {"customer": contact})).status_code == 202
    with database.reading() as session:
        customer = session.get(CustomerRow, "c-1")
        assert customer is not None
        assert (customer.email, customer.first_name, customer.phone) == (
            "ada@example.com", "Ada", "+12025550123",
        )  # fmt: skip
        assert [row.address for row in session.exec(select(ConsentRow))] == ["+12025550123"]
    future = CONTACT | {"consents": [consent | {"at": "2099-01-01T00:00:00Z"}]}
    for wrong, where in ((future, "customer.consents[0].at"), ({"email": "nobody"}, "customer.email")):
        answer = await http.post("/orders", json=purchase("o-2", "c-2") | {"customer": wrong})
        assert (answer.status_code, answer.json()["problems"][0]["where"]) == (422, where)
    named = await http.post("/orders", json=purchase("o-2") | {"customer": CONTACT | {"customer_id": "c-9"}})
    assert named.status_code == 422
    assert (count(database, OrderRow), count(database, CustomerRow)) == (1, 1)


async def test_news_of_an_unknown_order_is_kept_for_it(http: httpx.AsyncClient, database: Database) -> None:
    """202 and the same answer before and after the order comes; it is recorded with the order."""
    before = await http.post("/orders/o-1/events", json=NEWS)
    assert before.status_code == 202
    assert (await http.get("/orders/o-1")).status_code == 503  # nobody can say yet: Temporal is away
    await http.post("/orders", json=purchase("o-1", placed_at="2026-03-02T15:00:00Z"))
    assert count(database, OrderEventRow) == 1
    assert (await http.post("/orders/o-1/events", json=NEWS)).content == before.content


async def test_without_a_web_ui_there_is_no_link(database: Database) -> None:
    """Its address is a setting; in production there is no default."""
    for settings, url in (
        (
            settings_of(temporal_ui="https://ui.shop.com/temporal/"),
            "https://ui.shop.com/temporal/namespaces/",
        ),
        (settings_of(public_url="https://shop.com"), ""),
    ):
        app = create_app(settings, database, lambda: connect(lazy=True, target_host=NOWHERE))
        async with app.router.lifespan_context(app), client_of(app) as http:
            answer = (await http.post("/orders", json=purchase("o-1"))).json()
            assert (answer["url"] or "").startswith(url)
            assert (answer["url"] is None) == (url == "")


async def test_what_an_order_costs(http: httpx.AsyncClient, app: FastAPI, database: Database) -> None:
    """Seven statements, one more on PostgreSQL, and one for what came of the first try.

    A list of five hundred costs one less, since nothing of it is tried here. The same again costs three.
    """
    locks = database.engine.dialect.name == "postgresql"
    many = [purchase(f"o-{n}", f"c-{n}") for n in range(2, 502)]
    for orders, first in (([purchase("o-1")], 8), (many, 6)):
        for expected in (first, 3):
            with recorded_statements(database) as found:
                assert (await http.post("/orders", json=orders)).is_success
                await app.state.receiver.finished()
            assert found.sent.total() == expected + locks


async def test_a_first_try_starts_what_waits_behind_nothing(database: Database) -> None:
    """An order is with Temporal as soon as it is committed; while that is away nothing is tried or lost."""
    temporal = Temporal()
    receiver = Receiver(database, temporal)
    app = create_app(settings_of(), database, lambda: connect(lazy=True, target_host=NOWHERE))
    async with app.router.lifespan_context(app), client_of(app) as http:
        app.state.receiver = receiver
        await http.post("/orders", json=purchase("o-1"))
        await receiver.finished()
        await http.post("/orders/o-1/events", json=NEWS | {"at": clock.now().isoformat()})
        await receiver.finished()
        assert temporal.reached == ["o-1", "o-1 processed"]
        temporal.away = True
        for number in range(2, 5):
            await http.post("/orders", json=purchase(f"o-{number}"))
            await receiver.finished()
    with database.reading() as session:
        rows = session.exec(select(InboxRow)).all()
    assert [row.state for row in rows] == ["done", "done", "waiting", "waiting", "waiting"]
    assert all(row.leased_until is None for row in rows)
    assert all(row.due_at <= clock.now() + timedelta(seconds=1) for row in rows)
