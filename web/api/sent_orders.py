"""One order as it was sent, checked: a purchase, with contact data or without."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from campaign.errors import BadInput, BadPurchase, Problem
from campaign.problems import problems_of
from campaign.times import future_problems
from campaign.wire import Customer, Purchase
from intake.contacts import SentOrder
from web.api.models import Order

_PURCHASE = tuple(Purchase.model_fields)


def read_order(sent: Any, now: datetime) -> SentOrder | BadInput:
    """Return an order as it was sent, or what is wrong with it: every mistake by its key path."""
    try:
        order = Order.model_validate(sent)
    except ValidationError as error:
        return BadPurchase(problems_of(error))
    purchase = Purchase.model_construct(**{name: getattr(order, name) for name in _PURCHASE})
    if order.customer is None:
        return SentOrder(purchase)
    contact = Customer.model_construct(customer_id=purchase.customer_id, consents=order.customer.consents)
    if problems := future_problems(contact, now):
        return BadPurchase([Problem(f"customer.{one.where}", one.what, one.fix) for one in problems])
    return SentOrder(purchase, order.customer)
