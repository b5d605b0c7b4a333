"""What the order service's interface reads and answers. The examples are the ones of docs/contract.md."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Body
from pydantic import BaseModel, ConfigDict

from campaign.fields.identifiers import Id
from campaign.wire import Contact, OrderStatus, OrderUpdate, Purchase

PURCHASE = {
    "order_id": "1001",
    "customer_id": "c-1",
    "placed_at": "2026-03-02T15:00:00Z",
    "currency": "USD",
    "total": "39.80",
    "lines": [{"sku": "mug", "quantity": 2, "unit_price": "19.90"}],
}
EVENT = {"status": "processed", "at": "2026-03-02T15:20:00Z"}
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


PurchaseBody = Annotated[Purchase, Body(examples=[PURCHASE])]
EventBody = Annotated[OrderUpdate, Body(examples=[EVENT])]
CustomerBody = Annotated[Customer, Body(examples=[CONTACT])]


class Saved(BaseModel):
    """The customer whose data was saved."""

    customer_id: str


class OrderAccepted(BaseModel):
    """The order's campaign. ``known``: the order was here before, its campaign runs or has ended."""

    order_id: str
    workflow_id: str
    known: bool


class EventAccepted(BaseModel):
    """What was saved. ``campaign_told``: a running campaign received it; false if it has ended."""

    order_id: str
    status: OrderStatus
    campaign_told: bool


class Step(BaseModel):
    """One step as it was last decided; ``why`` is the reason in words."""

    step: str
    decision: str
    reason: str
    why: str
    decided_at: datetime
    next_at: datetime | None = None


class Message(BaseModel):
    """One message: never its address or text."""

    id: str
    step: str
    channel: str
    purpose: str | None = None
    state: str
    reason: str | None = None
    due_at: datetime | None = None
    latest_at: datetime | None = None
    sent_at: datetime | None = None


class SkippedStep(BaseModel):
    """A step that sent nothing more; ``why`` is the reason in words."""

    step: str
    reason: str
    why: str


class OrderReport(BaseModel):
    """Where an order's campaign stands: the workflow's `status` as far as it answers, and what is stored."""

    model_config = ConfigDict(extra="allow")

    order_id: str
    customer_id: str | None = None
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
