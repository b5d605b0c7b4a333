"""Everything that is stored about a person, as JSON that a person can read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign.reasons import Channel, Reason
from intake.person.payloads import speaks_of
from intake.person.persons import Person, find_person
from shops.news import PersonRequest
from storage.personal_data import Belongs
from storage.queries.privacy.exporting import rows_of
from storage.queries.privacy.finding import kept_payloads, messages_of, orders_of

_ABOUT = {
    "customers": "contact data, one entry a customer id",
    "consents": "what was agreed to and taken back, in which words",
    "suppressions": "addresses that are not written to, and why",
    "orders": "purchases",
    "order_lines": "what was bought",
    "order_events": "what became of purchases",
    "refunds": "money given back",
    "campaign_runs": "messages that were planned for a purchase, and why that ended",
    "campaign_steps": "what was decided about each planned message",
    "messages": "what was written, and to which address",
    "message_events": "what became of messages, also what was clicked",
    "links": "where links of messages lead",
    "replies": "text messages that a person still has to read, or has read",
    "inbox": "reports of the shop that were queued",
    "coupons": "codes that were made out to the person, and what became of them",
    "customer_scores": "what the shop's model predicts of the person's purchases",
    "loyalty_standings": "standing in the loyalty programme",
    "reviews": "what was written about products",
}


def export_person(session: Session, request: PersonRequest, now: datetime) -> dict[str, Any]:
    """Return all rows of a person, by table, each with what it is; empty tables are left out.

    Raises:
        BadInput: nobody is named.
    """
    person = find_person(session, request)
    rows = rows_of_person(session, person)
    return {
        "exported_at": now,
        "customer_ids": sorted(person.customer_ids),
        "addresses": [{"channel": c.value, "address": a} for c, a in sorted(person.addresses)],
        "data": {
            name: {"about": _ABOUT[name], "entries": [_explained(row) for row in found]}
            for name, found in rows.items()
            if found
        },
    }


def rows_of_person(session: Session, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of a person, by table."""
    return rows_of(session, _keys(session, person))


def _keys(session: Session, person: Person) -> dict[str, set[Any]]:
    return {
        Belongs.CUSTOMER: set(person.customer_ids),
        Belongs.ORDER: set(orders_of(session, person.customer_ids)),
        Belongs.MESSAGE: set(messages_of(session, person.customer_ids)),
        Belongs.ADDRESS: {address for _, address in person.own},
        Belongs.PHONE: {address for channel, address in person.own if channel is Channel.SMS},
        Belongs.PAYLOAD: {row.id for row in kept_payloads(session) if speaks_of(row, person)},
    }


def _explained(row: dict[str, Any]) -> dict[str, Any]:
    """Add a reason's words, and leave out what is empty."""
    shown = {name: value for name, value in row.items() if value is not None}
    code = shown.get("reason") or shown.get("exit_reason")
    words = {reason.value: reason.text for reason in Reason}.get(code or "")
    return shown | ({"why": words} if words else {})
