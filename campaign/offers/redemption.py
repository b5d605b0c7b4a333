"""What becomes of a coupon that somebody uses."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Self

from campaign.offers.coupons import CouponState


class RedeemOutcome(StrEnum):
    """What a redemption comes to; ``text`` says it to the shop.

    An order that is placed has had its discount: `EXPIRED`, `VOID` and `UNISSUED` are recorded then, and
    reported; so that the code is not given to anybody.
    """

    text: str

    REDEEMED = "redeemed", "the coupon is redeemed with this order"
    REPEATED = "repeated", "the coupon was redeemed with this order before"
    USED = "used", "the coupon was redeemed with another order"
    EXPIRED = "expired", "the coupon's last day is over"
    VOID = "void", "the coupon is void: its message did not reach its customer"
    UNISSUED = "unissued", "the code has not been given to anybody"
    UNKNOWN = "unknown", "no coupon has this code"

    def __new__(cls, value: str, text: str = "") -> Self:
        """Give a member its words."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member

    @property
    def accepted(self) -> bool:
        """Whether the customer may have the discount with this order."""
        return self in (RedeemOutcome.REDEEMED, RedeemOutcome.REPEATED)


def redeem_outcome(
    state: CouponState, expires_at: datetime | None, redeemed_with: str | None, order_id: str, at: datetime
) -> RedeemOutcome:
    """Return what using a coupon with an order at a time comes to.

    One whose message is still being sent, or is thought not to have gone, has reached its customer: from
    where else would they have the code?
    """
    if state is CouponState.REDEEMED:
        return RedeemOutcome.REPEATED if redeemed_with == order_id else RedeemOutcome.USED
    if state in (CouponState.MADE, CouponState.AVAILABLE):
        return RedeemOutcome.UNISSUED
    if expires_at is not None and at > expires_at:
        return RedeemOutcome.EXPIRED
    return RedeemOutcome.VOID if state is CouponState.VOID else RedeemOutcome.REDEEMED
