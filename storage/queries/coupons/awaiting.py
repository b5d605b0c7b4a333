"""Campaigns that wait for an offer's codes, once it has some again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlmodel import Session, col

from campaign.offers.coupons import CouponState
from campaign.rules.question import Kind
from storage.queries.coupons.reserving import record_there
from storage.queries.coupons.stock import codes_in
from storage.tables import RunRow, StepRow

MOST = 500
"""Campaigns that are woken in one turn: thousands may wait, and each decides at once."""
#: Written out, so that PostgreSQL sees that the partial index holds them all.
_AWAITS = text("campaign_steps.awaits_offer IS NOT NULL")


def awaiting_codes(session: Session, now: datetime) -> list[str]:
    """Return the orders whose campaigns wait for codes that are there, those that waited longest first.

    Of each offer never more than it has codes, of all together at most `MOST`. An offer that is recorded to
    have run out is recorded to have codes: else whoever is woken would not look.
    """
    found: list[str] = []
    for offer in _awaited(session):
        there = len(codes_in(session, offer, CouponState.AVAILABLE, MOST - len(found)))
        if there:
            record_there(session, offer)
            found += _waiting(session, offer, now, there)
    return found


def _awaited(session: Session) -> Sequence[str]:
    name = col(StepRow.awaits_offer)
    statement = select(name).where(_AWAITS).distinct().order_by(name)
    return [offer for offer in session.execute(statement).scalars() if offer]


def _waiting(session: Session, offer: str, now: datetime, most: int) -> Sequence[str]:
    """Return open campaigns that wait for an offer; one whose next look is due looks by itself."""
    statement = (
        select(col(StepRow.order_id))
        .join(RunRow, col(RunRow.order_id) == col(StepRow.order_id))
        .where(
            _AWAITS,
            col(StepRow.awaits_offer) == offer,
            col(StepRow.kind) == Kind.WAIT.value,
            col(StepRow.next_at) > now,
            col(RunRow.closed_at).is_(None),
        )
        .order_by(col(StepRow.decided_at))
        .limit(most)
    )
    return session.execute(statement).scalars().all()
