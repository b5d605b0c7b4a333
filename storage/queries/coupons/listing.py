"""Coupons for an operator: those of an offer in one state, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from campaign.offers.coupons import CouponState
from storage.queries.coupons.stock import count
from storage.tables import CouponRow


def list_coupons(
    session: Session, offer: str, state: CouponState, limit: int
) -> tuple[Sequence[CouponRow], int]:
    """Return an offer's newest coupons in a state, and how many there are."""
    mine = (col(CouponRow.offer) == offer, col(CouponRow.state) == state.value)
    newest = select(CouponRow).where(*mine).order_by(col(CouponRow.id).desc()).limit(limit)
    return session.exec(newest).all(), count(session, offer, state)
