"""An order as WooCommerce has it, from a webhook or its REST API, as news.

WooCommerce sends the whole order at every change. So what is new follows from its state: the same body
twice says the same, and a later one what has come to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from campaign.errors import BadInput, Problem
from campaign.problems import problems_of
from campaign.wire import LOST, OrderStatus, OrderUpdate, Purchase, Refund
from shops.context import Context
from shops.discounts import codes_of
from shops.news import Ignored, ShopNews, ShopOrder
from shops.values import amount_of, currency_of, identifier_of, in_currency
from shops.woocommerce.fields import Json, code_of, meta_of, objects_of, time_of
from shops.woocommerce.lines import lines_of
from shops.woocommerce.people import buyer_of
from shops.woocommerce.statuses import Meaning, Paid, meaning_of, status_of

Update = tuple[str, OrderUpdate]

TEST_MODES = MappingProxyType(
    {"_wcpay_mode": frozenset({"test", "dev"}), "_ppcp_paypal_payment_mode": frozenset({"sandbox"})}
)
"""Under which keys payment plugins keep that no money moved: WooPayments, PayPal Payments."""

BY_HAND = "admin"
"""How an order was made that somebody of the shop entered in its back office."""

WHOLESALE = ("_wwpp_order_type", "_wwpp_wholesale_order_type")
"""Under which keys Wholesale Suite keeps what kind of buyer it was."""

ERASED = "_anonymized"
"""Under which key WooCommerce keeps that it has erased an order's person: on request, or since the order is
older than its settings allow. So it is no request to erase everything that is known of that person."""

RENEWAL = "_subscription_renewal"
"""WooCommerce Subscriptions: the subscription that an order is the next period of."""


def read_order(order: Json, context: Context) -> ShopNews:
    """Return what an order says: its purchase, its buyer, what became of it, and what was given back.

    Raises:
        BadInput: it has no id, time, currency or total, or one that cannot be accepted.
    """
    if code_of(meta_of(order).get(ERASED)) == "yes":
        return ShopNews(ignored=Ignored.NO_CUSTOMER)
    try:
        return _Order(order, context).news()
    except ValidationError as error:
        raise BadInput(problems_of(error, "order")) from None


@dataclass(frozen=True)
class _Order:
    raw: Json
    context: Context

    def news(self) -> ShopNews:
        """Return all that this order says. Who has not bought yet is not saved: it may never be paid."""
        why, lines = self._ignored(), lines_of(self.raw)
        buyer, contact = buyer_of(self.raw, self.context)
        if self.is_unfinished or buyer is None or not lines:
            # It may be known all the same, from when it had products, and its buyer's data.
            lost = tuple(update for update in self._states() if update[1].status in LOST)
            return ShopNews(states=lost, ignored=why or (Ignored.NO_LINES if buyer else Ignored.NO_CUSTOMER))
        purchase = Purchase(
            order_id=self.order_id,
            customer_id=buyer,
            placed_at=self.placed_at,
            currency=self.currency,
            total=self.total,
            lines=lines,
            renewal=bool(self.meta.get(RENEWAL)) or self.raw.get("created_via") == "subscription",
            discount_codes=codes_of(objects_of(self.raw.get("coupon_lines")), "discount"),
        )
        return ShopNews(
            # The billing data is of when the order was placed, and an account's may be newer.
            customers=(contact.of_customer(buyer, changed_at=self.placed_at),) if why is None else (),
            orders=(ShopOrder(purchase, why is None, self.changed_at, why),),
            updates=tuple(self._updates()),
            states=tuple(self._states()),
            refunds=tuple(self._refunds()),
            ignored=why,
        )

    @cached_property
    def order_id(self) -> str:
        return order_id_of(self.raw)

    @cached_property
    def meta(self) -> dict[str, Any]:
        return meta_of(self.raw)

    @cached_property
    def meaning(self) -> Meaning:
        return meaning_of(status_of(self.raw.get("status")))

    @property
    def is_unfinished(self) -> bool:
        """Return whether this is a check-out that somebody is in, or has left: no order yet."""
        return self.meaning.ignored is Ignored.DRAFT

    def _at(self, name: str) -> datetime | None:
        """Return a time of the order, none of them from before it."""
        at = time_of(self.raw, name, self.context.time_zone)
        return max(at, self.placed_at) if at else None

    @cached_property
    def placed_at(self) -> datetime:
        for name in ("date_created", "date_paid", "date_modified"):
            if at := time_of(self.raw, name, self.context.time_zone):
                return at
        raise _missing(name="date_created_gmt")

    @cached_property
    def changed_at(self) -> datetime:
        return self._at("date_modified") or self._at("date_completed") or self.paid_at or self.placed_at

    @cached_property
    def paid_at(self) -> datetime | None:
        return self._at("date_paid")

    @cached_property
    def was_paid(self) -> bool:
        completed = self.meaning.paid is Paid.YES or self._at("date_completed") is not None
        return self.meaning.paid is not Paid.NO and (completed or self.paid_at is not None)

    @cached_property
    def currency(self) -> str:
        """Return its currency; the shop's own where the order names none."""
        named = self.raw.get("currency")
        found = currency_of(named) if named else self.context.currency
        if found is None:
            raise _missing(name="currency", what="is no currency of ISO 4217")
        return found

    @cached_property
    def total(self) -> Decimal:
        total = amount_of(self.raw.get("total"))
        if total is None:
            raise _missing(name="total")
        return in_currency(total, self.currency)

    def _ignored(self) -> Ignored | None:
        """Return why no campaign starts, or None if one does. What an order is comes before what it costs."""
        policy = self.context.policy
        kinds = {code_of(self.meta.get(key)) for key in WHOLESALE}
        by_hand = code_of(self.raw.get("created_via")) == BY_HAND
        is_test = any(code_of(self.meta.get(key)) in modes for key, modes in TEST_MODES.items())
        rules = (
            (self.is_unfinished or (by_hand and not policy.draft_orders), Ignored.DRAFT),
            (is_test and not policy.test_orders, Ignored.TEST),
            (bool(kinds & policy.wholesale_tags), Ignored.WHOLESALE),
            (self.meaning.paid is Paid.OVER or not self.was_paid, self._unpaid()),
            (self.total == 0 and not policy.zero_value_orders, Ignored.ZERO_VALUE),
        )
        return next((why for applies, why in rules if applies), None)

    def _unpaid(self) -> Ignored:
        """Return why an order is not bought: it is over, or never was."""
        return self.meaning.ignored if self.was_paid else Ignored.NOT_PAID

    def _updates(self) -> Iterator[Update]:
        """Return what became of it where WooCommerce says when."""
        news, completed = self.meaning.news, self._at("date_completed")
        if not self.was_paid or self.meaning.paid is Paid.OVER:
            return
        if news is not None:
            yield self._update(OrderStatus.PROCESSED, self.paid_at or completed or self.placed_at)
        if completed and news in (OrderStatus.FULFILLED, OrderStatus.DELIVERED):
            yield self._update(OrderStatus.FULFILLED, completed)

    def _states(self) -> Iterator[Update]:
        """Return what has become of it by now where nothing says when: the change that is reported is it."""
        news = self.meaning.news
        if not self.was_paid or news in (None, OrderStatus.PROCESSED):
            return
        if news is not OrderStatus.FULFILLED or self._at("date_completed") is None:
            yield self._update(news, self.changed_at)

    def _update(self, status: OrderStatus, at: datetime) -> Update:
        return self.order_id, OrderUpdate(status=status, at=at)

    def _refunds(self) -> Iterator[tuple[str, Refund]]:
        """Return what was given back. An order names its refunds' ids and amounts: no products, no times."""
        for refund in objects_of(self.raw.get("refunds")) if self.was_paid else ():
            refund_id, amount = identifier_of(refund.get("id")), amount_of(refund.get("total"))
            if refund_id and amount and (given := in_currency(abs(amount), self.currency)):
                yield self.order_id, Refund(refund_id=refund_id, at=self.changed_at, amount=given)


def order_id_of(order: Json) -> str:
    """Return an order's id; its number may be another one, of a plugin.

    Raises:
        BadInput: it has none.
    """
    found = identifier_of(order.get("id"))
    if found is None:
        raise _missing(name="id")
    return found


def _missing(*, name: str, what: str = "is missing, or cannot be read") -> BadInput:
    return BadInput([Problem(name, what, "send the order as the WP REST API v3 has it")])
