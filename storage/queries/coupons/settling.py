"""What becomes of a reserved coupon: issued with its message, released without, void when it is not used."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, update
from sqlmodel import Session, col

from campaign.offers.coupons import CouponState
from storage.queries.coupons.reserving import record_there
from storage.tables import CouponRow

_THIS = col(CouponRow.id) == bindparam("coupon")
_ISSUE = (
    update(CouponRow)
    .where(_THIS, col(CouponRow.state).in_([CouponState.RESERVED.value, CouponState.RELEASED.value]))
    .values(state=CouponState.ISSUED.value, issued_at=bindparam("to_at"), settled_at=None)
)
_END = (
    update(CouponRow)
    .where(_THIS, col(CouponRow.state) == bindparam("in_state"))
    .values(state=bindparam("to_state"), settled_at=bindparam("to_at"))
)
_GIVE_BACK = (
    update(CouponRow)
    .where(_THIS, col(CouponRow.state) == CouponState.RESERVED.value)
    .values(
        state=CouponState.AVAILABLE.value, order_id=None, step=None, customer_id=None, reserved_at=None,
        expires_at=None, cost=None,
    )
)  # fmt: skip


def issue_coupon(session: Session, coupon_id: int, at: datetime) -> bool:
    """Record that a coupon went out, or may have; False if that is known, or it is used or void.

    One row changes, and nothing is waited for: so it needs no lock. One that was released is issued too,
    where its message turns out to have gone.
    """
    return session.connection().execute(_ISSUE, {"coupon": coupon_id, "to_at": at}).rowcount > 0


def release_coupon(session: Session, coupon_id: int, now: datetime) -> bool:
    """Record that a reserved code did not go out. Nobody else gets it."""
    return _end(session, coupon_id, CouponState.RESERVED, CouponState.RELEASED, now)


def void_coupon(session: Session, coupon_id: int, now: datetime) -> bool:
    """Record that an issued code cannot be used any more."""
    return _end(session, coupon_id, CouponState.ISSUED, CouponState.VOID, now)


def give_back(session: Session, coupon_id: int, offer: str) -> None:
    """Put a reserved code back into its pool: no message with it has left, and none will."""
    if session.connection().execute(_GIVE_BACK, {"coupon": coupon_id}).rowcount:
        record_there(session, offer)


def _end(
    session: Session, coupon_id: int, before: CouponState, after: CouponState, now: datetime
) -> bool:  # fmt: skip
    values = {"coupon": coupon_id, "in_state": before.value, "to_state": after.value, "to_at": now}
    return session.connection().execute(_END, values).rowcount > 0
