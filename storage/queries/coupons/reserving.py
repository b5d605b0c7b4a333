"""A code is taken for a message: under the customer's locks, and never one that another has.

PostgreSQL passes over codes that other transactions are taking just now (``SKIP LOCKED``), so that nobody
waits; SQLite has one writer. What an offer gives a day is counted in its one row of `offer_stocks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import TextClause, bindparam, text
from sqlmodel import Session

from campaign.offers.coupons import CouponState, HeldCoupon, Origin
from storage.columns import Amount, UtcDateTime

_TAKE = """
UPDATE coupons SET state = 'reserved', order_id = :order, step = :step, customer_id = :customer,
       reserved_at = :at, expires_at = :expires, cost = :cost
WHERE state = 'available' AND id = (
    SELECT id FROM coupons WHERE offer = :offer AND state = 'available' ORDER BY id LIMIT 1{passing})
RETURNING id, code, origin
"""
_TYPED = (
    bindparam("at", type_=UtcDateTime()),
    bindparam("expires", type_=UtcDateTime()),
    bindparam("cost", type_=Amount()),
)
_STATEMENTS: dict[str, TextClause] = {
    "postgresql": text(_TAKE.format(passing=" FOR UPDATE SKIP LOCKED")).bindparams(*_TYPED),
    "sqlite": text(_TAKE.format(passing="")).bindparams(*_TYPED),
}
_COUNT = text("""
INSERT INTO offer_stocks (offer, day, given, spent) VALUES (:offer, :day, 1, :cost)
ON CONFLICT (offer) DO UPDATE SET
    given = CASE WHEN offer_stocks.day = :day THEN offer_stocks.given + 1 ELSE 1 END,
    spent = CASE WHEN offer_stocks.day = :day THEN offer_stocks.spent + :cost ELSE :cost END,
    day = :day
WHERE offer_stocks.day IS NULL OR offer_stocks.day <> :day
   OR (offer_stocks.given < :most AND offer_stocks.spent + :cost <= :dearest)
RETURNING offer
""")
_UNCOUNT = text("""
UPDATE offer_stocks SET given = given - 1, spent = spent - :cost
WHERE offer = :offer AND day = :day AND given > 0
""")
_EMPTY = text("""
INSERT INTO offer_stocks (offer, empty_since) VALUES (:offer, :at)
ON CONFLICT (offer) DO UPDATE SET empty_since = COALESCE(offer_stocks.empty_since, :at)
""").bindparams(bindparam("at", type_=UtcDateTime()))
_THERE = text("UPDATE offer_stocks SET empty_since = NULL WHERE offer = :offer AND empty_since IS NOT NULL")
_ALL = 10**15


@dataclass(frozen=True)
class Wanted:
    """The coupon to take: for an order's step, until when it holds, and what it is reckoned to cost."""

    offer: str
    order_id: str
    step: str
    customer_id: str
    at: datetime
    expires_at: datetime
    cost: Decimal


@dataclass(frozen=True)
class DayLimit:
    """What an offer may give on a day, by the shop's date. None: no limit of the kind."""

    day: str
    most: int | None = None
    dearest: Decimal | None = None


def count_given(session: Session, offer: str, cost: Decimal, limit: DayLimit) -> bool:
    """Count one more coupon of the day; False if the limit is reached."""
    values = {
        "offer": offer,
        "day": limit.day,
        "cost": _hundredths(cost),
        "most": _ALL if limit.most is None else limit.most,
        "dearest": _ALL if limit.dearest is None else _hundredths(limit.dearest),
    }
    return session.connection().execute(_COUNT, values).first() is not None


def uncount_given(session: Session, offer: str, cost: Decimal, day: str) -> None:
    """Count one coupon of the day less: it was not given after all."""
    session.connection().execute(_UNCOUNT, {"offer": offer, "cost": _hundredths(cost), "day": day})


def take_coupon(session: Session, wanted: Wanted) -> HeldCoupon | None:
    """Reserve one code; None if the offer has none. The customer's locks are held."""
    values = {
        "order": wanted.order_id,
        "step": wanted.step,
        "customer": wanted.customer_id,
        "at": wanted.at,
        "expires": wanted.expires_at,
        "cost": wanted.cost,
        "offer": wanted.offer,
    }
    row = session.connection().execute(_STATEMENTS[session.get_bind().dialect.name], values).first()
    if row is None:
        return None
    return HeldCoupon(
        id=row.id,
        offer=wanted.offer,
        code=row.code,
        origin=Origin(row.origin),
        state=CouponState.RESERVED,
        order_id=wanted.order_id,
        step=wanted.step,
        at=wanted.at,
        expires_at=wanted.expires_at,
        cost=wanted.cost,
    )


def record_empty(session: Session, offer: str, now: datetime) -> None:
    """Record that an offer has run out of codes, unless that is known."""
    session.connection().execute(_EMPTY, {"offer": offer, "at": now})


def record_there(session: Session, offer: str) -> None:
    """Record that an offer has codes, unless that is known."""
    session.connection().execute(_THERE, {"offer": offer})


def _hundredths(amount: Decimal) -> int:
    return int(amount * 100)
