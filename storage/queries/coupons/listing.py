"""Coupons for an operator: those of an offer in one state, and those that ended unused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from campaign.offers.coupons import CouponState
from storage.queries.coupons.stock import count
from storage.tables import CouponRow

_UNUSED = tuple(state.value for state in (CouponState.ISSUED, CouponState.RELEASED, CouponState.VOID))


def list_coupons(
    session: Session, offer: str, state: CouponState, limit: int
) -> tuple[Sequence[CouponRow], int]:
    """Return an offer's newest coupons in a state, and how many there are."""
    mine = (col(CouponRow.offer) == offer, col(CouponRow.state) == state.value)
    newest = select(CouponRow).where(*mine).order_by(col(CouponRow.id).desc()).limit(limit)
    return session.exec(newest).all(), count(session, offer, state)


def ended_codes(
    session: Session, offer: str, since: datetime, now: datetime, limit: int
) -> Sequence[tuple[str, datetime]]:
    """Return codes that went to somebody, were not used, and ended since a time; each with its end."""
    code, ends = col(CouponRow.code), col(CouponRow.expires_at)
    mine = (col(CouponRow.offer) == offer, col(CouponRow.state).in_(_UNUSED), ends >= since, ends < now)
    statement = select(code, ends).where(*mine).order_by(ends, code).limit(limit)
    return [(found, at) for found, at in session.exec(statement) if at]
