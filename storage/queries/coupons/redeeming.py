"""A coupon is used with an order: once, whoever reports it how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from campaign.offers.coupons import CouponState
from campaign.offers.redemption import RedeemOutcome, redeem_outcome
from storage.tables import CouponRow

_BY_CODE = (
    select(CouponRow)
    .where(col(CouponRow.code).in_(bindparam("codes", expanding=True)))
    .order_by(col(CouponRow.code))
    .with_for_update()
)
_ANYWAY = (RedeemOutcome.EXPIRED, RedeemOutcome.VOID, RedeemOutcome.UNISSUED)


@dataclass(frozen=True)
class Use:
    """A code that an order is, or was, placed with. ``placed``: it was, so that its discount is a fact."""

    code: str
    order_id: str
    at: datetime
    amount: Decimal | None = None
    placed: bool = False


@dataclass(frozen=True)
class Redemption:
    """What came of a use, and how the coupon stands then, where the code is one of ours."""

    outcome: RedeemOutcome
    coupon_id: int | None = None
    offer: str | None = None
    redeemed_at: datetime | None = None
    amount: Decimal | None = None


def redeem_coupon(session: Session, use: Use) -> Redemption:
    """Use a coupon. One row changes, and is held until the transaction ends: no person need be locked."""
    return redeem_coupons(session, [use])[0]


def redeem_coupons(session: Session, uses: Sequence[Use]) -> list[Redemption]:
    """Use coupons one after another, found by one statement; return what came of each.

    Rows are held in the order of their codes, so that no two transactions wait for each other in a circle.
    """
    codes = {use.code for use in uses}
    found = session.execute(_BY_CODE, {"codes": sorted(codes)}).scalars() if codes else ()
    rows = {row.code: row for row in found}
    done = [_use(rows.get(use.code), use) for use in uses]
    session.flush()
    return done


def _use(row: CouponRow | None, use: Use) -> Redemption:
    """Change a coupon's row as its use wants it."""
    if row is None:
        return Redemption(RedeemOutcome.UNKNOWN)
    outcome = redeem_outcome(
        CouponState(row.state), row.expires_at, row.redeemed_order_id, use.order_id, use.at
    )
    if outcome is RedeemOutcome.REDEEMED or (use.placed and outcome in _ANYWAY):
        row.state, row.settled_at = CouponState.REDEEMED.value, use.at
        row.redeemed_order_id, row.discount = use.order_id, use.amount
    return Redemption(outcome, row.id, row.offer, row.settled_at, row.discount)
