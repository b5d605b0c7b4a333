"""Money given back: a refund of its own, and those that an order lists. Each has its id, and counts once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from campaign.wire import Refund
from shops.context import Context
from shops.news import Ignored, ShopNews
from shops.shopify.fields import Json, code_of, missing, objects_of, shop_currency, shop_money, time_of
from shops.shopify.lines import returned_lines
from shops.values import amount_of, currency_of, identifier_of, in_currency

_GIVEN = frozenset({"success", "pending", None})
"""Statuses of a transaction with which the money is given back: one that is pending is on its way."""
_NONE = Decimal(0)


def read_refund(refund: Json, context: Context) -> ShopNews:
    """Return what a refund gives back. One that gives nothing back is an edit without a removed product.

    Raises:
        BadInput: it has no id, no order, or no currency is known.
    """
    order_id = identifier_of(refund.get("order_id"))
    if order_id is None:
        raise missing(name="order_id")
    if identifier_of(refund.get("id")) is None:
        raise missing(name="id")
    currency = _currency(refund) or context.currency
    if currency is None:
        raise missing(name="currency", what="is not known", fix="set the shop's currency in campaign.toml")
    found = _refund(refund, currency, context.now)
    return ShopNews(refunds=((order_id, found),)) if found else ShopNews(ignored=Ignored.STATUS)


def refunds_of(order: Json, currency: str, at: datetime) -> list[Refund]:
    """Return the refunds that an order lists, none of them before ``at``, the order's own time."""
    found = (_refund(refund, currency, at) for refund in objects_of(order.get("refunds")))
    return [refund.model_copy(update={"at": max(refund.at, at)}) for refund in found if refund]


def _refund(refund: Json, currency: str, at: datetime) -> Refund | None:
    refund_id = identifier_of(refund.get("id"))
    amount, lines = in_currency(_given_back(refund, currency), currency), returned_lines(refund)
    if refund_id is None or not (amount or lines):
        return None
    done = time_of(refund.get("processed_at"), refund.get("created_at")) or at
    return Refund(refund_id=refund_id, at=done, amount=amount, lines=lines)


def _given_back(refund: Json, currency: str) -> Decimal:
    """Add up the payments' records; where those are in the customer's currency, what came back."""
    moved = [one for one in objects_of(refund.get("transactions")) if code_of(one.get("kind")) == "refund"]
    given = [one for one in moved if code_of(one.get("status")) in _GIVEN]
    if all(currency_of(one.get("currency"), currency) == currency for one in given):
        return max(_NONE, _sum(amount_of(one.get("amount")) for one in given))
    return _of_products(refund)


def _of_products(refund: Json) -> Decimal:
    """Add what came back and its taxes, in the shop's money. Adjustments are negative for what is given."""
    back = (
        shop_money(entry, name)
        for entry in objects_of(refund.get("refund_line_items"))
        for name in ("subtotal", "total_tax")
    )
    adjusted = (
        shop_money(entry, name)
        for entry in objects_of(refund.get("order_adjustments"))
        for name in ("amount", "tax_amount")
    )
    return max(_NONE, _sum(back) - _sum(adjusted))


def _sum(amounts: Iterator[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), _NONE)


def _currency(refund: Json) -> str | None:
    """Return the shop's currency, as an amount of the refund has it, else its payments'."""
    products = objects_of(refund.get("refund_line_items"))
    adjustments = objects_of(refund.get("order_adjustments"))
    found = [shop_currency(entry, "subtotal", "total_tax") for entry in products]
    found += [shop_currency(entry, "amount") for entry in adjustments]
    found += [currency_of(entry.get("currency")) for entry in objects_of(refund.get("transactions"))]
    return next((code for code in found if code), None)
