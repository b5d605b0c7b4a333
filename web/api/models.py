"""What the order service's interface reads and answers. The examples are the ones of docs/contract.md."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field, WrapValidator

from campaign.errors import BadInput, Problem
from campaign.fields.identifiers import Id
from campaign.wire import Contact, OrderStatus, Purchase
from web.problems import ProblemDetails
from web.receiving.receiver import MOST_ORDERS

PURCHASE = {
    "order_id": "1001",
    "customer_id": "c-1",
    "placed_at": "2026-03-02T15:00:00Z",
    "currency": "USD",
    "total": "39.80",
    "lines": [{"sku": "mug", "quantity": 2, "unit_price": "19.90"}],
}
CONTACT = {
    "customer_id": "c-1",
    "email": "ada@example.com",
    "phone": "+12025550123",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "language": "en",
    "country": "US",
    "region": "OR",
    "postal_code": "97201",
    "time_zone": "America/Los_Angeles",
    "preferred_channel": "email",
    "tags": ["club"],
    "consents": [{"channel": "sms", "state": "granted", "source": "checkout", "at": "2026-03-02T15:00:00Z"}],
}


class Customer(Contact):
    """Contact data and consents. The address names the customer; the body may as well."""

    customer_id: Id | None = None


class Order(Purchase):
    """A purchase; contact data of its customer may come with it."""

    customer: Contact | None = None


def _as_sent(value: Any, _check: Any) -> Any:
    """Leave the orders of a list to be checked one by one, each with an answer of its own.

    Raises:
        BadInput: it is neither an object nor a list of what one request may have.
    """
    if isinstance(value, list) and not 0 < len(value) <= MOST_ORDERS:
        what = f"has {len(value)} orders" if value else "has no orders"
        raise BadInput([Problem("body", what, f"send one, or a list of 1 to {MOST_ORDERS}")])
    if not isinstance(value, list | dict):
        fix = "send one object or a list of them, with the header Content-Type: application/json"
        raise BadInput([Problem("body", "is not a JSON object", fix)])
    return value


Orders = Annotated[list[Order], Field(min_length=1, max_length=MOST_ORDERS)]
OrdersBody = Annotated[Order | Orders, WrapValidator(_as_sent), Body(examples=[PURCHASE])]
CustomerBody = Annotated[Customer, Body(examples=[CONTACT])]


class Saved(BaseModel):
    """The customer whose data was saved."""

    customer_id: str


class OrderAccepted(BaseModel):
    """The order's campaign, which has started or will; ``url`` shows it in Temporal's Web UI."""

    order_id: str
    workflow_id: str
    url: str | None


class OrderAnswered(BaseModel):
    """What became of one order of a list: 202 with its campaign, or a problem with the problem's status."""

    status: int
    order_id: str | None
    workflow_id: str | None = None
    url: str | None = None
    problem: ProblemDetails | None


class OrdersAnswered(BaseModel):
    """The answers for a list of orders, in the order in which they were sent."""

    orders: list[OrderAnswered]


class EventAccepted(BaseModel):
    """What was saved, and the campaign that it is for.

    For a refund of a part: its `refund_id` and `amount`, and `not_in_order`, products of its lines that the
    order does not have. They change nothing; the money counts.
    """

    order_id: str
    status: OrderStatus
    workflow_id: str
    url: str | None
    refund_id: str | None = None
    amount: str | None = None
    not_in_order: list[str] | None = None


class Step(BaseModel):
    """One step as it was last decided; ``why`` is the reason in words."""

    step: str
    decision: str
    reason: str
    why: str
    decided_at: datetime
    next_at: datetime | None = None


class Message(BaseModel):
    """One message: never its address or text. ``reported``: what its provider has reported of it."""

    id: str
    step: str
    channel: str
    purpose: str | None = None
    state: str
    reason: str | None = None
    reported: list[str] = []
    due_at: datetime | None = None
    latest_at: datetime | None = None
    sent_at: datetime | None = None


class SkippedStep(BaseModel):
    """A step that sent nothing more; ``why`` is the reason in words."""

    step: str
    reason: str
    why: str


class InInbox(BaseModel):
    """An order whose campaign has not started: ``reason`` is a code, ``why`` the reason in words."""

    state: str
    reason: str | None
    why: str | None
    received_at: datetime
    due_at: datetime


class Suppressed(BaseModel):
    """Why and since when an address that the customer has now is not written to."""

    channel: str
    reason: str
    at: datetime


class OrderReport(BaseModel):
    """Where an order's campaign stands: the workflow's `status` as far as it answers, and what is stored."""

    model_config = ConfigDict(extra="allow")

    order_id: str
    customer_id: str | None = None
    total: str | None = None
    refunded: str | None = None
    currency: str | None = None
    segment: str | None = None
    exit_reason: str | None = None
    stop_reason: str | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    definition: str | None = None
    step: str | None = None
    waiting: str | None = None
    why: str | None = None
    next_at: datetime | None = None
    refused_signals: int | None = None
    retrying: list[str] | None = None
    skipped: list[SkippedStep] | None = None
    order_updates: dict[str, datetime] | None = None
    steps: list[Step] | None = None
    messages: list[Message] | None = None
    suppressed: list[Suppressed] | None = None
    inbox: InInbox | None = None


class LedgerEntry(BaseModel):
    """One entry of the consent ledger."""

    id: int
    channel: str
    state: str
    source: str
    at: datetime
    wording: str | None
    address: str | None
    confirmed: bool


class Ledger(BaseModel):
    """A customer's consents in the order they were recorded."""

    customer_id: str
    consents: list[LedgerEntry]
