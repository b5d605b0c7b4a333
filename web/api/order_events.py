"""The body of ``POST /orders/{id}/events``: what became of an order, or a refund of a part of it."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import Body
from pydantic import Field, model_validator

from campaign.fields.identifiers import Id
from campaign.fields.money import CurrencyCode, Money
from campaign.wire import MAX_LINES, OrderStatus, OrderUpdate, Refund, ReturnedLine

EVENT = {"status": "processed", "at": "2026-03-02T15:20:00Z"}
REFUND = {
    "status": "refunded",
    "at": "2026-03-09T10:00:00Z",
    "refund_id": "r-77",
    "amount": "19.90",
    "currency": "USD",
    "lines": [{"sku": "mug", "quantity": 1}],
}


class OrderEvent(OrderUpdate):
    """What became of an order, and when.

    With `refund_id` and `amount` the status `refunded` is about a part of the order: what was given back, in
    its currency, and in `lines` what came back for it. Without them it is about the whole order.
    """

    refund_id: Id | None = None
    amount: Money | None = None
    currency: CurrencyCode | None = None
    lines: Annotated[list[ReturnedLine] | None, Field(max_length=MAX_LINES)] = None

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Self:
        parts = ("refund_id", "amount", "currency", "lines")
        given = [name for name in parts if getattr(self, name) is not None]
        if not given:
            return self
        if self.status is not OrderStatus.REFUNDED:
            msg = f"{given[0]}: goes with the status refunded alone: remove it, or write that status"
            raise ValueError(msg)
        for name in ("refund_id", "amount"):
            if getattr(self, name) is None:
                msg = f"{name}: is missing: a refund of a part has refund_id and amount"
                raise ValueError(msg)
        return self

    @property
    def update(self) -> OrderUpdate:
        """What became of the whole order."""
        return OrderUpdate(status=self.status, at=self.at)

    @property
    def refund(self) -> Refund | None:
        """The refund of a part, if it is one."""
        if self.refund_id is None or self.amount is None:
            return None
        return Refund(
            refund_id=self.refund_id,
            at=self.at,
            amount=self.amount,
            currency=self.currency,
            lines=self.lines or [],
        )


EventBody = Annotated[OrderEvent, Body(examples=[EVENT, REFUND])]
