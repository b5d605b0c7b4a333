"""What a shop's customers have bought, for the models: one row a customer, and one row a gap. Streamed.

Orders that were cancelled or refunded, and those of erased persons, are left out. Both statements read every
order of the shop: they are for a nightly schedule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from math import log
from statistics import median
from typing import Any
from zlib import crc32

from sqlalchemy import Float, case, cast, func, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from campaign.wire import OrderStatus
from storage.tables import CustomerRow, OrderEventRow, OrderLineRow, OrderRow, ProductRow
from storage.tables.people import ERASED

_AT_ONCE = 1_000
_LOST = (OrderStatus.CANCELLED.value, OrderStatus.REFUNDED.value)


@dataclass(frozen=True, slots=True)
class Spending:
    """How a customer has bought until now and until an earlier time; ``value`` is net of refunds.

    ``days`` are days with an order. Those `_before` count what was placed until the earlier time.
    """

    customer_id: str
    first: datetime
    last: datetime
    days: int
    value: float
    last_before: datetime | None
    days_before: int
    value_before: float


@dataclass(frozen=True, slots=True)
class Gap:
    """The days between two days with an order of one customer, and what was known when it began."""

    ended: date
    days: int
    earlier: tuple[int, ...]
    categories: frozenset[str]

    @property
    def earlier_sum(self) -> float:
        """The sum of the earlier gaps' logarithms."""
        return sum(map(log, self.earlier))

    @property
    def own_median(self) -> float:
        """The median of the earlier gaps, nan without one."""
        return float(median(self.earlier)) if self.earlier else float("nan")


def one_in(session: Session, most: int) -> int:
    """Return of how many customers one is to be taken (`in_sample`), so that there are at most so many."""
    customers = session.connection().execute(select(func.count()).select_from(CustomerRow)).scalar_one()
    return max(-(-customers // most), 1)


def in_sample(customer_id: str, parts: int) -> bool:
    """Return whether a customer is in the sample of one in ``parts``: always the same ones."""
    return crc32(customer_id.encode()) % parts == 0


def spending(session: Session, currency: str, before: datetime, now: datetime) -> Iterator[Spending]:
    """Give each customer with a kept order in the currency, by id."""
    statement = _spending(_day(session), currency, before, now)
    for row in _streamed(session, statement):
        yield Spending(*row)


def gaps(session: Session, since: date, now: datetime, parts: int = 1) -> Iterator[Gap]:
    """Give the gaps that have ended since, of a sample of the customers (`in_sample`), by customer."""
    rows = _streamed(session, _days(now))
    for customer_id, bought in groupby(rows, lambda row: str(row[0])):
        if in_sample(customer_id, parts):
            yield from (gap for gap in _gaps_of((row[1], row[2]) for row in bought) if gap.ended >= since)


def _gaps_of(bought: Iterable[tuple[datetime, str | None]]) -> Iterator[Gap]:
    """Give a customer's gaps; ``bought``: time and category of each line, in the order of the times."""
    earlier: list[int] = []
    categories: set[str] = set()
    last: date | None = None
    for day, lines in groupby(bought, lambda line: line[0].date()):
        if last is not None:
            days = (day - last).days
            yield Gap(day, days, tuple(earlier), frozenset(categories))
            earlier.append(days)
        last = day
        categories |= {category for _, category in lines if category}


def _streamed(session: Session, statement: Any) -> Any:
    return session.connection().execution_options(yield_per=_AT_ONCE).execute(statement)


def _day(session: Session) -> Any:
    """Return the day of an order in UTC, as it is written in either database."""
    placed = col(OrderRow.placed_at)
    if session.get_bind().dialect.name == "sqlite":
        return func.date(placed)
    return func.date(func.timezone("UTC", placed))


def _spending(day: Any, currency: str, before: datetime, now: datetime) -> Any:
    placed, customer = col(OrderRow.placed_at), col(OrderRow.customer_id)
    left = cast(col(OrderRow.total), Float) - cast(col(OrderRow.refunded), Float)
    value = case((left > 0, left), else_=0.0)
    earlier = placed <= before
    columns = (
        customer, func.min(placed), func.max(placed), func.count(day.distinct()), func.sum(value),
        func.max(case((earlier, placed))), func.count(case((earlier, day)).distinct()),
        func.sum(case((earlier, value), else_=literal(0.0))),
    )  # fmt: skip
    mine = select(*columns).where(*_kept(now), col(OrderRow.currency) == currency)
    return mine.group_by(customer).order_by(customer)


def _days(now: datetime) -> Any:
    """Select the lines of customers with several orders, by customer and time."""
    order, again = OrderRow, aliased(OrderRow)
    returning = (
        select(col(again.customer_id)).group_by(col(again.customer_id)).having(func.count() > 1).subquery()
    )
    kept_line = (col(OrderLineRow.order_id) == col(order.id)) & (
        col(OrderLineRow.returned) < col(OrderLineRow.quantity)
    )
    return (
        select(col(order.customer_id), col(order.placed_at), col(ProductRow.category))
        .join(returning, returning.c.customer_id == col(order.customer_id))
        .join(OrderLineRow, kept_line, isouter=True)
        .join(ProductRow, col(ProductRow.sku) == col(OrderLineRow.sku), isouter=True)
        .where(*_kept(now))
        .order_by(col(order.customer_id), col(order.placed_at), col(order.id))
    )


def _kept(now: datetime) -> tuple[Any, ...]:
    """Take the orders that count: none of the future, none that was lost, none of erased persons."""
    lost = select(col(OrderEventRow.id)).where(
        col(OrderEventRow.order_id) == col(OrderRow.id), col(OrderEventRow.status).in_(_LOST)
    )
    return (
        col(OrderRow.placed_at) <= now, col(OrderRow.customer_id).not_like(f"{ERASED}%"), ~lost.exists(),
    )  # fmt: skip
