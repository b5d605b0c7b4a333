"""An order as Shopify has it, from a webhook or its Admin API, as news.

Shopify sends the whole order at every change. So what is new follows from its state: the same body twice
says the same, and a later one what has come to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from campaign.wire import LOST, OrderStatus, OrderUpdate, Purchase, Refund
from shops.context import Context
from shops.discounts import codes_of
from shops.news import Ignored, ShopNews, ShopOrder
from shops.shopify.fields import (
    Json,
    code_of,
    missing,
    object_of,
    objects_of,
    shop_currency,
    shop_money,
    tags_of,
    time_of,
)
from shops.shopify.lines import all_taken_off, lines_of
from shops.shopify.parcels import all_arrived, last_left
from shops.shopify.people import buyer_of, said_of
from shops.shopify.refunds import refunds_of
from shops.shopify.statuses import FULFILLMENT, Meaning, meaning_of
from shops.values import currency_of, identifier_of, in_currency

Update = tuple[str, OrderUpdate]

DRAFT = "shopify_draft_order"
RENEWALS = frozenset({"subscription_contract", "subscription_contract_checkout_one"})
"""``source_name`` of an order that a subscription made. The first one is placed at the checkout: ``web``."""

RENEWAL_TAGS = frozenset({"subscription recurring order", "appstle_subscription_recurring_order"})
"""Tags with which subscription apps (Recharge, Appstle) mark such an order, whatever its source."""

COMPANY_TAG = "b2b"
"""An order of a company (Shopify's B2B) counts as if it had this tag."""


def read_order(order: Json, context: Context) -> ShopNews:
    """Return what an order says: its purchase, its buyer, what became of it, and what was given back.

    Raises:
        BadInput: it has no id, time, currency or total.
        pydantic.ValidationError: one of them cannot be accepted.
    """
    return _Order(order, context).news()


def read_edit(body: Json, context: Context) -> ShopNews:
    """Return what an edited order says; the body of ``orders/edited`` names the changed lines' ids alone.

    The ``orders/updated`` that Shopify sends with it has the whole order.
    """
    if "order_edit" in body:
        return ShopNews(ignored=Ignored.TOPIC)
    return read_order(body, context)


@dataclass(frozen=True)
class _Order:
    raw: Json
    context: Context

    def news(self) -> ShopNews:
        """Return all that this order says. Who has not bought yet is not saved: it may never be paid."""
        why, lines = self._ignored(), lines_of(self.raw)
        buyer, contact = buyer_of(self.raw, self.context)
        if buyer is None or not lines:
            return self._of_no_purchase(why or (Ignored.NO_LINES if buyer else Ignored.NO_CUSTOMER))
        purchase = Purchase(
            order_id=self.order_id,
            customer_id=buyer,
            placed_at=self.placed_at,
            currency=self.currency,
            total=self.total,
            lines=lines,
            renewal=self._is_renewal(),
            discount_codes=codes_of(objects_of(self.raw.get("discount_codes")), "amount"),
        )
        bought = why is None or self.meaning.news is not None
        return ShopNews(
            customers=(contact.of_customer(buyer, **self._said()),) if why is None else (),
            orders=(ShopOrder(purchase, why is None, self.changed_at, why),),
            updates=tuple(self._updates(why)) if bought else (),
            states=tuple(self._states()) if bought else (),
            refunds=tuple((self.order_id, refund) for refund in self.refunds) if bought else (),
            ignored=why,
        )

    def _of_no_purchase(self, why: Ignored) -> ShopNews:
        """Return that an order is over which has no products, or not its buyer's data: it may be known.

        One from which an edit has taken the last product is over too, as if it were cancelled.
        """
        found = (*self._updates(why), *self._states())
        states = tuple(update for update in found if update[1].status in LOST)
        if not states and all_taken_off(self.raw):
            states = (self._update(OrderStatus.CANCELLED, self.changed_at),)
        return ShopNews(states=states, ignored=why)

    @cached_property
    def order_id(self) -> str:
        found = identifier_of(self.raw.get("id"))
        if found is None:
            raise missing(name="id")
        return found

    @cached_property
    def meaning(self) -> Meaning:
        cancelled = self.raw.get("cancelled_at") is not None
        return meaning_of(code_of(self.raw.get("financial_status")), cancelled=cancelled)

    @cached_property
    def placed_at(self) -> datetime:
        found = time_of(self.raw.get("processed_at"), self.raw.get("created_at"))
        if found is None:
            raise missing(name="created_at")
        return found

    @cached_property
    def changed_at(self) -> datetime:
        return self._not_before(time_of(self.raw.get("updated_at")))

    def _not_before(self, at: datetime | None) -> datetime:
        """Return a time of the order, none of them from before it."""
        return max(at, self.placed_at) if at else self.placed_at

    @cached_property
    def currency(self) -> str:
        """Return the shop's currency, in which the order's amounts are (`fields.shop_money`)."""
        named = self.raw.get("currency")
        found = currency_of(named) if named else shop_currency(self.raw, "total_price", "current_total_price")
        found = found or (None if named else self.context.currency)
        if found is None:
            raise missing(name="currency", what="is no currency of ISO 4217")
        return found

    @cached_property
    def refunds(self) -> list[Refund]:
        return refunds_of(self.raw, self.currency, self.placed_at)

    @cached_property
    def total(self) -> Decimal:
        """Return what the order's version cost before anything was given back: refunds count for themselves.

        ``current_total_price`` has edits and refunds in it, ``total_price`` not all of the edits.
        """
        current, placed = shop_money(self.raw, "current_total_price"), shop_money(self.raw, "total_price")
        if current is not None:
            current += sum((refund.amount for refund in self.refunds), Decimal(0))
        total = placed if current is None else current
        if total is None:
            raise missing(name="total_price")
        return max(Decimal(0), in_currency(total, self.currency))

    def _said(self) -> dict[str, Any]:
        """Return the tags and consents that the order's customer has in it (until API version 2024-10)."""
        return said_of(object_of(self.raw.get("customer")), self.context)

    def _ignored(self) -> Ignored | None:
        """Return why no campaign starts, or None if one does. What an order is comes before what it costs."""
        policy = self.context.policy
        is_draft = code_of(self.raw.get("source_name")) == DRAFT
        rules = (
            (self.raw.get("test") is True and not policy.test_orders, Ignored.TEST),
            (is_draft and not policy.draft_orders, Ignored.DRAFT),
            (bool(self.tags & policy.wholesale_tags), Ignored.WHOLESALE),
            (self.meaning.ignored is not None, self.meaning.ignored),
            (self.total == 0 and not policy.zero_value_orders, Ignored.ZERO_VALUE),
        )
        return next((why for applies, why in rules if applies), None)

    @cached_property
    def tags(self) -> set[str]:
        """Return the tags of the order and of its customer, in lower case."""
        customer = object_of(self.raw.get("customer"))
        tags = {tag.lower() for item in (self.raw, customer) for tag in tags_of(item.get("tags"))}
        return tags | {COMPANY_TAG} if object_of(self.raw.get("company")) else tags

    def _is_renewal(self) -> bool:
        return code_of(self.raw.get("source_name")) in RENEWALS or bool(self.tags & RENEWAL_TAGS)

    def _updates(self, why: Ignored | None) -> Iterator[Update]:
        """Return what became of it where Shopify says when: it confirms an order as it is placed."""
        if why is None:
            yield self._update(OrderStatus.PROCESSED, self.placed_at)
            if self._is_fulfilled() and (left := last_left(self.raw)):
                yield self._update(OrderStatus.FULFILLED, left)
        elif self.meaning.news is OrderStatus.CANCELLED:
            cancelled = time_of(self.raw.get("cancelled_at"))
            yield self._update(OrderStatus.CANCELLED, cancelled or self.changed_at)

    def _states(self) -> Iterator[Update]:
        """Return what has become of it by now where nothing says when: the change that is reported is it."""
        if self.meaning.news is OrderStatus.REFUNDED:
            yield self._update(OrderStatus.REFUNDED, self.changed_at)
        elif self.meaning.news is None and self._is_fulfilled():
            if last_left(self.raw) is None:
                yield self._update(OrderStatus.FULFILLED, self.changed_at)
            if arrived := all_arrived(self.raw):
                yield self._update(OrderStatus.DELIVERED, arrived)

    def _is_fulfilled(self) -> bool:
        return FULFILLMENT.get(code_of(self.raw.get("fulfillment_status"))) is OrderStatus.FULFILLED

    def _update(self, status: OrderStatus, at: datetime) -> Update:
        return self.order_id, OrderUpdate(status=status, at=self._not_before(at))
