"""What the database has, as people and programs read it: an order's campaign, consents, reviews."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign.definition.model import Definition
from campaign.delivery import ProviderEvent
from campaign.errors import NotFound
from campaign.facts import MessageState, Purpose
from campaign.reasons import Reason
from campaign.reviews.states import Rejection, ReviewState
from campaign.reviews.words import as_cell
from campaign.rules.decision import Kind
from storage.queries.campaigns.runs import get_run, load_version, steps_of
from storage.queries.inbox.listing import order_in_inbox, why_of
from storage.queries.messages.messages import kinds_of, messages_of
from storage.queries.people.consents import consents_of, suppressions_of
from storage.queries.shop.statistics import statistics
from storage.rows import get_row
from storage.tables import MessageRow, OrderRow, ReviewRow, RunRow, StepRow

EXPORTED = (
    "sku", "rating", "text", "author", "language", "written_at", "source", "source_id", "order_id",
    "customer_id", "state",
)  # fmt: skip
"""The columns of exported reviews: those that are imported."""


def exported_review(row: ReviewRow) -> dict[str, Any]:
    """Return a review as a row of a file. What is rejected here is pending where it is imported.

    One that was written on our page has no number of another system: its own one is.
    """
    values = {name: getattr(row, name) for name in EXPORTED}
    state = row.state if row.state == ReviewState.PUBLISHED else ReviewState.PENDING.value
    number = row.source_id or str(row.id)
    words = {name: as_cell(values[name]) for name in ("text", "author")}
    return values | words | {"written_at": row.written_at.isoformat(), "source_id": number, "state": state}


def review_report(row: ReviewRow) -> dict[str, Any]:
    """Return a review as moderators and shops read it: never the address of its writer."""
    reason = Rejection(row.why) if row.why in list(Rejection) else None
    return {
        "id": row.id, "sku": row.sku, "rating": row.rating, "text": row.text, "author": row.author,
        "verified": row.order_id is not None, "language": row.language, "state": row.state, "reason": row.why,
        "why": reason.text if reason else None, "order_id": row.order_id, "customer_id": row.customer_id,
        "origin": row.source, "origin_id": row.source_id, "written_at": row.written_at,
        "settled_at": row.settled_at,
    }  # fmt: skip


def order_report(session: Session, order_id: str) -> dict[str, Any]:
    """Return the run, its steps and its messages; times are aware UTC.

    Raises:
        NotFound: the order has no campaign.
    """
    run = get_run(session, order_id)
    order = get_row(session, OrderRow, order_id, "no order", fresh=False)
    return {
        "order_id": order_id,
        "customer_id": run.customer_id,
        "total": str(order.total),
        "refunded": str(order.refunded),
        "currency": order.currency,
        "segment": run.segment,
        "exit_reason": run.exit_reason,
        "stop_reason": run.stop_reason,
        "opened_at": run.opened_at,
        "closed_at": run.closed_at,
        "definition": run.digest,
        "steps": [_step(row, run.exit_reason) for row in steps_of(session, order_id)],
        "messages": _messages(session, run),
        "suppressed": [
            {"channel": row.channel, "reason": row.reason, "at": row.at}
            for row in suppressions_of(session, run.customer_id)
        ],
    }


def _messages(session: Session, run: RunRow) -> list[dict[str, Any]]:
    rows = messages_of(session, run.order_id)
    kinds = kinds_of(session, [row.id for row in rows])
    definition = load_version(session, run.digest).definition
    return [_message(row, kinds[row.id], _went_without(definition, row)) for row in rows]


def order_report_or_none(session: Session, order_id: str, now: datetime) -> dict[str, Any] | None:
    """Return `order_report`, or why its campaign waits in the inbox; None where the order is not known."""
    try:
        return order_report(session, order_id)
    except NotFound:
        return _inbox_report(session, order_id, now)


def _inbox_report(session: Session, order_id: str, now: datetime) -> dict[str, Any] | None:
    row = order_in_inbox(session, order_id)
    if row is None:
        return None
    why = why_of(row, now)
    return {
        "order_id": order_id,
        "customer_id": row.customer_id,
        "inbox": {
            "state": row.state,
            "reason": why,
            "why": why.text if why else None,
            "received_at": row.received_at,
            "due_at": row.due_at,
        },
    }


def statistics_line(session: Session) -> str:
    """Return when what messages show of the whole shop was counted, for people."""
    counted = [row.computed_at for row in statistics(session)]
    return f"Best-sellers counted: {f'{min(counted):%Y-%m-%d %H:%M} UTC' if counted else 'not yet'}"


def consent_report(session: Session, customer_id: str) -> list[dict[str, Any]]:
    """Return a customer's consent ledger as it was recorded; times are aware UTC.

    Raises:
        NotFound: no such customer.
    """
    names = ("id", "channel", "state", "source", "at", "wording", "address", "confirmed")
    return [{name: getattr(row, name) for name in names} for row in consents_of(session, customer_id)]


def _step(row: StepRow, exit_reason: str | None) -> dict[str, Any]:
    """Return how a step stands. What waited when the campaign ended waits no more.

    A step that was sent is a step that was sent, also where it was decided again since.
    """
    cut_off = bool(exit_reason) and row.kind == Kind.WAIT
    reason = Reason((cut_off and exit_reason) or row.reason)
    kind = Kind.SEND.value if reason is Reason.SENT else row.kind
    return {
        "step": row.step,
        "decision": Kind.EXIT.value if cut_off else kind,
        "reason": reason.value,
        "why": reason.text_for(kind),
        "decided_at": row.decided_at,
        "next_at": None if cut_off else row.next_at,
        "awaits_offer": None if cut_off else row.awaits_offer,
    }


def _went_without(definition: Definition, row: MessageRow) -> str | None:
    """Return the offer with codes of the customer's own that a message went without, if it did."""
    gone = row.state in (MessageState.SENT, MessageState.UNCONFIRMED)
    if not gone or row.coupon_id is not None or row.purpose == Purpose.OPT_IN:
        return None
    step = next((step for step in definition.steps if step.name == row.step), None)
    audience = step.audience(row.segment) if step else None
    offer = definition.offer_of(audience)
    return audience.offer if audience and offer and offer.personal else None


def _message(row: MessageRow, kinds: Collection[str], without: str | None) -> dict[str, Any]:
    """Return a message. ``reported``: what its provider says of it; ``without``: the offer that it lacks."""
    return {
        "id": row.id,
        "step": row.step,
        "channel": row.channel,
        "purpose": row.purpose,
        "state": row.state,
        "reason": row.reason,
        "reported": [event.value for event in ProviderEvent if event.value in kinds],
        "due_at": row.due_at,
        "latest_at": row.latest_at,
        "sent_at": row.sent_at,
        "without": without,
    }
