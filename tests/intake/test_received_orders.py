"""Orders as they are received: saved and queued together, once, and compared with what is known."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from campaign.errors import BadInput, BadPurchase, NotFound, OrderConflict
from campaign.offers.coupons import CouponState, Origin
from campaign.wire import Line, OrderStatus, OrderUpdate, Purchase
from dev.bench.statements import recorded_statements
from intake.orders import Lease, receive_event, receive_orders
from storage.database import Database
from storage.queries.campaigns.purchases import stored_orders
from storage.queries.coupons.stock import add_codes
from storage.tables import CouponRow, CustomerRow, InboxRow, OrderEventRow, OrderRow
from tests.callbacks import open_campaign
from tests.facts import PLACED

LEASE = Lease(PLACED + timedelta(seconds=10))


def order(order_id: str = "o-1", customer_id: str = "c-1", **changes: Any) -> Purchase:
    """One order."""
    line = {"sku": "mug", "quantity": 2, "unit_price": "19.90"}
    values = {"placed_at": PLACED, "currency": "USD", "total": "39.80", "lines": [line], **changes}
    return Purchase.model_validate({"order_id": order_id, "customer_id": customer_id, **values})


def news(status: str = "processed", at: datetime = PLACED) -> OrderUpdate:
    """What became of an order."""
    return OrderUpdate(status=OrderStatus(status), at=at)


def waiting(session: Session) -> list[InboxRow]:
    """What waits, in the order in which it is forwarded."""
    return list(session.exec(select(InboxRow).where(InboxRow.state == "waiting").order_by(col(InboxRow.id))))


def test_an_order_is_saved_and_queued_together(session: Session) -> None:
    """The order, its customer and its row of the inbox are there; received again, nothing is added."""
    purchase = order(renewal=True)
    (first,) = receive_orders(session, [purchase], PLACED)
    (again,) = receive_orders(session, [purchase], PLACED + timedelta(hours=1))
    assert (first.added, first.error, again.added, again.error) == (True, None, False, None)
    (row,) = waiting(session)
    assert (row.kind, row.key, row.order_id, row.customer_id) == ("order", "order:o-1", "o-1", "c-1")
    assert (row.received_at, row.due_at, row.leased_until) == (PLACED, PLACED, None)
    assert session.get(CustomerRow, "c-1") is not None
    assert stored_orders(session, ["o-1"])["o-1"].purchase == purchase


@pytest.mark.parametrize(
    ("change", "differing"),
    [
        ({"total": "40.00"}, {"total"}),
        ({"lines": [{"sku": "mug", "quantity": 1, "unit_price": "39.80"}]}, {"lines"}),
        ({"currency": "EUR"}, {"currency"}),
        ({"placed_at": PLACED - timedelta(hours=1)}, {"placed_at"}),
        ({"customer_id": "c-2"}, {"customer_id"}),
        ({"renewal": True, "total": "40"}, {"total", "renewal"}),
    ],
)
def test_another_order_under_a_known_id_is_a_conflict_of_its_own(
    session: Session, change: dict[str, Any], differing: set[str]
) -> None:
    """Both versions of what differs are named; its neighbour in the batch is saved; nothing else changes."""
    receive_orders(session, [order()], PLACED)
    other, neighbour = receive_orders(session, [order(**change), order("o-2")], PLACED)
    assert isinstance(other.error, OrderConflict)
    assert {problem.where for problem in other.error.problems} == differing
    assert (set(other.error.known), set(other.error.sent)) == (differing, differing)
    assert all(other.error.known[name] != other.error.sent[name] for name in differing)
    assert (neighbour.added, neighbour.error) == (True, None)
    assert [row.order_id for row in waiting(session)] == ["o-1", "o-2"]


def test_one_batch_with_an_order_twice(session: Session) -> None:
    """The first is saved; the same again is the same order, and a different one a conflict."""
    outcomes = receive_orders(session, [order(), order(), order(total="1.00")], PLACED)
    assert [outcome.added for outcome in outcomes] == [True, False, False]
    assert [type(outcome.error) for outcome in outcomes] == [type(None), type(None), OrderConflict]
    assert len(waiting(session)) == 1


def test_an_order_of_the_future_is_refused_alone(session: Session) -> None:
    """Its neighbours are saved, in the order in which they were sent."""
    future = order("o-2", placed_at=PLACED + timedelta(days=400))
    outcomes = receive_orders(session, [order("o-3"), future, order("o-1")], PLACED)
    assert [type(outcome.error) for outcome in outcomes] == [type(None), BadPurchase, type(None)]
    assert [row.order_id for row in waiting(session)] == ["o-3", "o-1"]
    assert session.get(OrderRow, "o-2") is None


def test_an_order_with_a_campaign_is_not_queued(database: Database) -> None:
    """However it was started: the campaign is there."""
    open_campaign(database)
    with database.transaction() as session:
        known = stored_orders(session, ["o-1"])["o-1"]
        assert known.has_run
        (outcome,) = receive_orders(session, [known.purchase], PLACED)
        assert (outcome.added, outcome.error, waiting(session)) == (False, None, [])


def test_an_order_without_a_campaign_is_queued_when_it_is_sent(session: Session) -> None:
    """Imported orders have none; sent later, they start one, once."""
    receive_orders(session, [order()], PLACED)
    session.delete(waiting(session)[0])
    session.flush()
    assert [o.added for o in receive_orders(session, [order(), order()], PLACED)] == [False, False]
    assert len(waiting(session)) == 1


def test_the_order_of_an_erased_customer_is_known(session: Session) -> None:
    """Sent again, it makes no customer, starts nothing and is no conflict."""
    session.add(CustomerRow(id="erased-1", tags=[]))
    session.flush()
    receive_orders(session, [order(customer_id="erased-1")], PLACED)
    session.delete(waiting(session)[0])
    session.flush()
    (outcome,) = receive_orders(session, [order()], PLACED)
    assert (outcome.erased, outcome.error, waiting(session)) == (True, None, [])
    assert session.get(CustomerRow, "c-1") is None


def test_a_later_start(session: Session) -> None:
    """What is spread over days waits until its time, and is nobody's to try now."""
    later = PLACED + timedelta(days=3)
    (outcome,) = receive_orders(session, [order()], PLACED, due_at=later, lease=LEASE)
    (row,) = waiting(session)
    assert (outcome.leased, row.due_at, row.leased_until) == (None, later, None)


def test_the_first_of_a_customer_is_the_receivers_to_try(session: Session) -> None:
    """What waits behind nothing is leased; what comes after it, in this batch or later, is not."""
    batch = [order("o-1"), order("o-2"), order("o-3", "c-2")]
    leased = [outcome.leased for outcome in receive_orders(session, batch, PLACED, lease=LEASE)]
    rows = waiting(session)
    assert leased == [rows[0].id, None, rows[2].id]
    assert [row.leased_until for row in rows] == [LEASE.until, None, LEASE.until]
    assert receive_event(session, "o-1", news(), PLACED, lease=LEASE).leased is None
    assert receive_orders(session, [order("o-4", "c-2")], PLACED, lease=LEASE)[0].leased is None


def test_news_of_a_known_order_is_recorded_and_queued_once(session: Session) -> None:
    """One event and one row, behind its order, however often it is received."""
    receive_orders(session, [order()], PLACED)
    assert [receive_event(session, "o-1", news(), PLACED).known for _ in range(3)] == [True] * 3
    assert len(session.exec(select(OrderEventRow)).all()) == 1
    assert [row.kind for row in waiting(session)] == ["order", "event"]
    with pytest.raises(BadInput):
        receive_event(session, "o-1", news(at=PLACED - timedelta(days=2)), PLACED)
    with pytest.raises(BadInput):
        receive_event(session, "o-1", news(at=PLACED + timedelta(days=9)), PLACED)


def test_news_of_an_unknown_order_waits_for_it(session: Session) -> None:
    """It comes behind its order when that is received; news from before its order is refused, and listed."""
    early = news("delivered", PLACED - timedelta(days=4))
    for update in (news(), news(), early):
        assert not receive_event(session, "o-1", update, PLACED).known
    assert [row.customer_id for row in waiting(session)] == [None, None]
    receive_orders(session, [order()], PLACED + timedelta(hours=1))
    rows = waiting(session)
    assert [(row.kind, row.customer_id) for row in rows] == [("order", "c-1"), ("event", "c-1")]
    assert rows[1].received_at == PLACED
    assert [event.status for event in session.exec(select(OrderEventRow))] == ["processed"]
    refused = session.exec(select(InboxRow).where(InboxRow.state == "refused")).one()
    assert (refused.why, refused.order_id) == ("before_order", "o-1")


def test_news_of_what_can_be_no_order_is_not_found(session: Session) -> None:
    """An id of 2,000 characters, or one with an address in it, waits for nothing."""
    for order_id in ("x" * 2_000, "ada@example.com"):
        with pytest.raises(NotFound):
            receive_event(session, order_id, news(), PLACED)
    assert waiting(session) == []


@pytest.mark.parametrize("number", [1, 400])
def test_a_batch_costs_the_same_statements(database: Database, number: int) -> None:
    """Seven for new orders and two or three for known ones, however many: none is sent for each order."""
    batch = [order(f"o-{n}", f"c-{n}") for n in range(number)]
    sent = Counter[str]()
    for name in ("new", "known"):
        with recorded_statements(database) as found, database.transaction() as session:
            receive_orders(session, batch, PLACED, lease=LEASE)
        sent[name] = found.sent.total()
    locks = database.engine.dialect.name == "postgresql"
    assert sent == {"new": 7 + locks, "known": 3 + locks}


@pytest.mark.parametrize("number", [1, 400])
def test_a_batch_redeems_its_coupons_at_once(database: Database, number: int) -> None:
    """One statement finds all codes, one changes their coupons; of two orders with one the first has it."""
    codes = [f"CODE-{n}" for n in range(number)]
    batch = [order(f"o-{n}", f"c-{n}", discount_codes=[code, "OTHER"]) for n, code in enumerate(codes)]
    batch.append(order("o-z", "c-z", discount_codes=["CODE-0"]))
    with database.transaction() as session:
        add_codes(session, "come-back", codes, Origin.POOL, CouponState.AVAILABLE, PLACED)
    with recorded_statements(database) as found, database.transaction() as session:
        receive_orders(session, batch, PLACED, lease=LEASE)
    locks = database.engine.dialect.name == "postgresql"
    assert found.sent.total() == 7 + locks + 2
    with database.reading() as session:
        used = session.exec(select(CouponRow.redeemed_order_id).order_by(col(CouponRow.id))).all()
    assert used == [f"o-{n}" for n in range(number)]


_amounts = st.decimals(0, 999_999, places=2, allow_nan=False)
_lines = st.builds(
    Line,
    sku=st.text("abcXYZ 09-é", min_size=1, max_size=20).filter(str.strip),
    quantity=st.integers(1, 1_000_000),
    unit_price=_amounts,
)
_purchases = st.builds(
    Purchase,
    order_id=st.just("o-1"),
    customer_id=st.just("c-1"),
    placed_at=st.datetimes(datetime(1971, 1, 1), datetime(2026, 1, 1)).map(  # noqa: DTZ001 - made aware
        lambda at: at.replace(tzinfo=PLACED.tzinfo)
    ),
    currency=st.sampled_from(["USD", "EUR", "GBP"]),
    total=_amounts,
    lines=st.lists(_lines, min_size=1, max_size=8),
    renewal=st.booleans(),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(purchase=_purchases)
def test_an_order_is_rebuilt_exactly(database: Database, purchase: Purchase) -> None:
    """What the tables give back is what was sent, whatever it was: it is the workflow's input."""
    with Session(database.engine) as session:  # never committed: the next example finds no order
        receive_orders(session, [purchase], PLACED)
        rebuilt = stored_orders(session, ["o-1"])["o-1"].purchase
    assert rebuilt == purchase
    assert Purchase.model_validate_json(rebuilt.model_dump_json()) == purchase
    assert isinstance(rebuilt.total, Decimal)
