"""Coupons are used: by the shop's own request, or with an order that is reported."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from sqlmodel import Session

from campaign.errors import CouponRefused, NotFound
from campaign.offers.codes import normal_code
from campaign.offers.redemption import RedeemOutcome
from campaign.wire import Purchase
from counters import COUPONS_USED
from storage.queries.coupons.redeeming import Redemption, Use, redeem_coupon, redeem_coupons

log = structlog.get_logger()


def redeem(session: Session, use: Use) -> Redemption:
    """Redeem a coupon as the shop reports; the same order again changes nothing.

    Raises:
        CouponRefused: it is used, over, void, or was not given to anybody.
        NotFound: no coupon has this code.
    """
    code = normal_code(use.code)
    found = redeem_coupon(session, _of(use, code)) if code else Redemption(RedeemOutcome.UNKNOWN)
    COUPONS_USED.labels(found.outcome.value).inc()
    if found.outcome is RedeemOutcome.UNKNOWN:
        raise NotFound(found.outcome.text)
    if not found.outcome.accepted:
        raise CouponRefused(found.outcome.text, found.outcome.value)
    return found


def _of(use: Use, code: str) -> Use:
    return Use(code, use.order_id, use.at, use.amount, use.placed)


def redeem_with_orders(session: Session, purchases: Iterable[Purchase]) -> None:
    """Redeem the coupons that orders were placed with: what the shop has accepted is a fact.

    A second use is reported, not applied; of orders that come together, the first id's counts. Codes that are
    not ours are nothing to us.
    """
    uses = {
        (code, purchase.order_id): Use(code, purchase.order_id, purchase.placed_at, given.amount, placed=True)
        for purchase in purchases
        for given in purchase.discount_codes
        if (code := normal_code(given.code))
    }
    in_order = [uses[key] for key in sorted(uses)]
    for use, found in zip(in_order, redeem_coupons(session, in_order), strict=True):
        _report(use, found)


def _report(use: Use, found: Redemption) -> None:
    if found.outcome in (RedeemOutcome.UNKNOWN, RedeemOutcome.REPEATED):
        return
    COUPONS_USED.labels(found.outcome.value).inc()
    if not found.outcome.accepted:
        log.warning(
            "coupon used against its rules",
            coupon=found.coupon_id, offer=found.offer, order=use.order_id, outcome=found.outcome.value,
        )  # fmt: skip
