"""Refunds of a part of an order: once each, in any order, never more than was paid."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from campaign.errors import BadInput, NotFound
from campaign.wire import Purchase, Refund
from intake.matching import match_events
from intake.orders import receive_orders
from intake.refunds import RefundOutcome, record_refund
from storage.database import Database
from storage.queries.campaigns.orders import add_order
from storage.queries.campaigns.refunds import refunded_order
from storage.tables import InboxRow, OrderEventRow, OrderLineRow, RefundRow
from tests.facts import PLACED
from tests.intake.test_received_orders import order

LATER = PLACED + timedelta(days=3)
LINES = [
    {"sku": "mug", "quantity": 2, "unit_price": "10.00"},
    {"sku": "tray", "quantity": 1, "unit_price": "30.00"},
    {"sku": "mug", "quantity": 1, "unit_price": "9.00"},
]


def bought(order_id: str = "o-1", **changes: Any) -> Purchase:
    """An order of three mugs, on two lines, and a tray."""
    return order(order_id, **{"total": "59.00", "lines": LINES, **changes})


def refund(refund_id: str = "r-1", amount: str = "10.00", at: datetime = LATER, **changes: Any) -> Refund:
    """A refund."""
    return Refund.model_validate({"refund_id": refund_id, "amount": amount, "at": at, **changes})


def back(**quantities: int) -> list[dict[str, Any]]:
    """What came back, by sku."""
    return [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]


def returned(session: Session, order_id: str = "o-1") -> list[int]:
    """How much of each line came back."""
    lines = select(OrderLineRow).where(OrderLineRow.order_id == order_id)
    session.expire_all()
    return [line.returned for line in session.exec(lines.order_by(col(OrderLineRow.position)))]


def refunded(session: Session, order_id: str = "o-1") -> Decimal:
    """What was given back of an order."""
    found = refunded_order(session, order_id)
    assert found
    return found.refunded


def events(session: Session) -> list[tuple[str, datetime]]:
    """What the orders' news is."""
    return [
        (row.status, row.at) for row in session.exec(select(OrderEventRow).order_by(col(OrderEventRow.id)))
    ]


def queued(session: Session) -> list[tuple[str, str]]:
    """What is in the inbox besides orders, with its state."""
    rows = session.exec(select(InboxRow).where(InboxRow.kind != "order").order_by(col(InboxRow.id)))
    return [(row.kind, row.state) for row in rows]


@pytest.fixture
def opened(session: Session) -> Session:
    """A transaction in which the order is known."""
    receive_orders(session, [bought()], PLACED)
    return session


def test_a_refund_counts_once(opened: Session) -> None:
    """Reported three times, it is one; another one adds up; the campaign hears of neither."""
    for _ in range(3):
        record_refund(opened, "o-1", refund(), LATER)
    outcome = record_refund(opened, "o-1", refund("r-2", "5.50"), LATER)
    assert outcome == RefundOutcome("o-1", added=True)
    assert refunded(opened) == Decimal("15.50")
    assert (events(opened), queued(opened)) == ([], [])


def test_what_came_back_is_spread_over_the_lines_of_its_product(opened: Session) -> None:
    """Line by line, never more than was bought; what the order does not have is named."""
    record_refund(opened, "o-1", refund(lines=back(mug=1)), LATER)
    assert returned(opened) == [1, 0, 0]
    again = record_refund(opened, "o-1", refund("r-2", "0", lines=back(mug=9, lamp=1)), LATER)
    assert returned(opened) == [2, 0, 1]
    assert again.not_in_order == ("lamp",)


@pytest.mark.parametrize("amounts", [["59.00"], ["29.00", "30.00"], ["20.00", "38.99"], ["59.01"]])
def test_refunds_that_add_up_to_the_total_refund_the_order(opened: Session, amounts: list[str]) -> None:
    """Within a cent: recorded as any news of the order, of the last refund's time, and queued."""
    given = [refund(f"r-{n}", amount, LATER + timedelta(hours=n)) for n, amount in enumerate(amounts)]
    outcomes = [record_refund(opened, "o-1", one, LATER) for one in given]
    assert [outcome.full for outcome in outcomes] == [False] * (len(amounts) - 1) + [True]
    assert events(opened) == [("refunded", LATER + timedelta(hours=len(amounts) - 1))]
    assert queued(opened) == [("event", "waiting")]
    assert refunded(opened) <= Decimal(59)


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"amount": "59.02"}, "amount", "is more than the 59.00"),
        ({"amount": "1.001"}, "amount", "has more than the 2 decimals of USD"),
        ({"currency": "EUR"}, "currency", "is not USD"),
        ({"at": PLACED - timedelta(days=2)}, "at", "is before the order was placed"),
        ({"at": LATER + timedelta(days=3)}, "at", "more than two days in the future"),
    ],
)
def test_what_cannot_be_is_refused_whole(
    opened: Session, change: dict[str, Any], where: str, what: str
) -> None:
    """Too much, not in the order's money or time: the field is named, and nothing of it is kept."""
    with pytest.raises(BadInput, match=what) as caught:
        record_refund(opened, "o-1", refund(**{"lines": back(mug=1), **change}), LATER)
    assert [problem.where for problem in caught.value.problems] == [where]
    assert (refunded(opened), returned(opened)) == (Decimal(0), [0, 0, 0])
    assert opened.exec(select(RefundRow)).all() == []


def test_a_refund_keeps_its_id(opened: Session) -> None:
    """Another amount under a known id is refused; an exchange, with nothing given back, is no full refund."""
    record_refund(opened, "o-1", refund(), LATER)
    with pytest.raises(BadInput, match="differs from the refund that has this refund_id"):
        record_refund(opened, "o-1", refund(amount="11.00"), LATER)
    record_refund(opened, "o-1", refund(amount="11.00"), LATER, first_holds=True)
    assert refunded(opened) == 10
    free = bought("o-2", total="0.00")
    receive_orders(opened, [free], PLACED)
    assert not record_refund(opened, "o-2", refund("r-9", "0.00", lines=back(tray=1)), LATER).full


def test_a_refund_waits_for_its_order(session: Session) -> None:
    """Before its order, it is kept once; with the order it is recorded; one that does not fit is listed."""
    for one in (refund(lines=back(tray=1)), refund(lines=back(tray=1)), refund("r-2", "500.00")):
        assert not record_refund(session, "o-1", one, LATER).known
    assert queued(session) == [("refund", "waiting")] * 2
    receive_orders(session, [bought()], LATER)
    assert (refunded(session), returned(session)) == (Decimal(10), [0, 1, 0])
    assert queued(session) == [("refund", "refused")]
    with pytest.raises(NotFound, match="no order can have such an id"):
        record_refund(session, "ada@example.com", refund(), LATER)


def test_a_refund_finds_an_order_that_came_by_another_way(database: Database) -> None:
    """The order was saved by its workflow: the next look at the inbox records what waited for it."""
    with database.transaction() as session:
        record_refund(session, "o-1", refund(amount="59.00"), LATER)
        receive_orders(session, [order("o-2")], PLACED)
        add_order(session, bought())
    match_events(database, LATER)
    with database.transaction() as session:
        assert refunded(session) == 59
        assert events(session) == [("refunded", LATER)]
        assert queued(session) == [("event", "waiting")]


AMOUNTS = st.lists(st.integers(0, 6000).map(lambda cents: Decimal(cents) / 100), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=AMOUNTS, repeats=st.lists(st.integers(0, 5), max_size=6), data=st.data())
def test_whatever_comes_how_often_the_sum_is_right(
    database: Database, amounts: list[Decimal], repeats: list[int], data: st.DataObject
) -> None:
    """In any order and repeated: refunds count once, never come to more than the total, and end it once."""
    calls = data.draw(st.permutations([*range(len(amounts)), *(n for n in repeats if n < len(amounts))]))
    with database.transaction() as session:
        receive_orders(session, [bought()], PLACED)
        accepted: dict[int, Decimal] = {}
        for number in calls:
            try:
                record_refund(session, "o-1", refund(f"r-{number}", str(amounts[number])), LATER)
                accepted[number] = amounts[number]
            except BadInput:
                assert sum(accepted.values()) + amounts[number] > Decimal("59.01")
        total = sum(accepted.values(), Decimal(0))
        assert refunded(session) == min(total, Decimal(59))
        assert bool(events(session)) == (total >= Decimal("58.99"))
        session.rollback()
