"""What the run's one statement reads of coupons: the customer's own, and how each offer's codes stand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from campaign.offers.coupons import CouponState, HeldCoupon, OfferStock, Origin
from storage.columns import amount_of
from storage.queries.campaigns.fact_rows import as_list, as_time

_NEWEST = 50

COLUMNS = f"""(SELECT {{all}}({{row}}(k.id, k.offer, k.code, k.origin, k.state, k.order_id, k.step,
                      k.reserved_at, k.expires_at, {{number}}(k.cost))) FROM (
      SELECT * FROM coupons WHERE customer_id = c.id AND reserved_at IS NOT NULL
      ORDER BY id DESC LIMIT {_NEWEST}) k) AS coupons,
  (SELECT {{all}}({{row}}(s.offer, s.empty_since, s.day, s.given, s.spent)) FROM offer_stocks s) AS offers"""  # noqa: S608 - ours


def coupons_of(row: Mapping[Any, Any]) -> tuple[HeldCoupon, ...]:
    """Return the coupons that the run's row has of its customer, newest first."""
    return tuple(map(_held, as_list(row["coupons"])))


def stocks_of(row: Mapping[Any, Any]) -> dict[str, OfferStock]:
    """Return how the codes of each offer stand."""
    return {stock[0]: _stock(stock) for stock in as_list(row["offers"])}


def _held(k: list[Any]) -> HeldCoupon:
    return HeldCoupon(
        id=k[0],
        offer=k[1],
        code=k[2],
        origin=Origin(k[3]),
        state=CouponState(k[4]),
        order_id=k[5],
        step=k[6],
        at=as_time(k[7]),
        expires_at=as_time(k[8]),
        cost=amount_of(k[9] or 0),
    )


def _stock(s: list[Any]) -> OfferStock:
    empty_since = None if s[1] is None else as_time(s[1])
    return OfferStock(empty_since, day=s[2], given=s[3], spent=Decimal(s[4]) / 100)
