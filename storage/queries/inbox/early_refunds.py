"""Rows of the inbox for refunds whose order is not known yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign.wire import Refund
from storage.queries.inbox.receiving import add_rows
from storage.queries.inbox.states import Kind, State, Why


def keep_refund(session: Session, order_id: str, refund: Refund, now: datetime) -> None:
    """Let a refund wait for its order; the same one again changes nothing."""
    add_rows(session, [_row(order_id, refund, now)])


def refuse_refund(session: Session, order_id: str, refund: Refund, now: datetime) -> None:
    """List a refund that does not fit its order, now that this is here."""
    settled = {"state": State.REFUSED.value, "why": Why.NOT_OF_ORDER.value, "settled_at": now}
    add_rows(session, [_row(order_id, refund, now) | settled])


def _row(order_id: str, refund: Refund, now: datetime) -> dict[str, Any]:
    return {
        "key": f"{Kind.REFUND.value}:{order_id}:{refund.refund_id}",
        "kind": Kind.REFUND.value,
        "order_id": order_id,
        "customer_id": None,
        "body": refund.model_dump_json(),
        "state": State.WAITING.value,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
    }
