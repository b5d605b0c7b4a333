"""The life of a coupon, and what a decision knows of coupons: plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Origin(StrEnum):
    """Where a code is from: our own generator, or a pool that somebody uploaded."""

    GENERATED = "generated"
    POOL = "pool"


class CouponState(StrEnum):
    """made -> available -> reserved -> issued -> redeemed; or released, or void.

    `MADE`: the shop does not know the code yet. `RESERVED`: of a claimed message. `ISSUED`: the message went
    out, or may have. `RELEASED`: it did not, and the code is not given to anybody else. `VOID`: not redeemed
    in time, or its message failed.
    """

    MADE = "made"
    AVAILABLE = "available"
    RESERVED = "reserved"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    RELEASED = "released"
    VOID = "void"

    @property
    def open(self) -> bool:
        """Whether a customer has it or is about to, and has not used it."""
        return self in (CouponState.RESERVED, CouponState.ISSUED)

    @property
    def given(self) -> bool:
        """Whether it counts as given to its customer."""
        return self.open or self is CouponState.REDEEMED


@dataclass(frozen=True)
class HeldCoupon:
    """A coupon of the customer: of one order's step, whatever channels its messages take.

    ``cost`` is what it is reckoned to cost, in the shop's currency; ``at`` when it was reserved.
    """

    id: int
    offer: str
    code: str
    origin: Origin
    state: CouponState
    order_id: str
    step: str
    at: datetime
    expires_at: datetime
    cost: Decimal = Decimal(0)


@dataclass(frozen=True)
class OfferStock:
    """What is known of an offer's codes: since when there are none (None: there are), and what was given.

    ``given`` and ``spent`` (what those are reckoned to cost) are of ``day``, an ISO date where the shop is.
    """

    empty_since: datetime | None = None
    day: str | None = None
    given: int = 0
    spent: Decimal = Decimal(0)
