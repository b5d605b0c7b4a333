"""A run with all that is known of its customer, read in one statement (`run_statement`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping
from sqlmodel import Session

from campaign.definition.model import Definition
from campaign.definition.templates import TemplateTexts
from campaign.definition.version import Version
from campaign.errors import NotFound
from campaign.facts import CustomerFacts, Facts, MessageState, Purpose
from campaign.reasons import Channel
from campaign.wire import OrderStatus
from storage.columns import amount_of
from storage.queries.campaigns.fact_rows import as_list, as_time, consent_entry, past_message, past_order
from storage.queries.campaigns.insight import insight_of
from storage.queries.campaigns.run_statement import STATEMENTS, Read
from storage.queries.campaigns.runs import load_version
from storage.queries.coupons import held


@dataclass(frozen=True)
class Contact:
    """Whom a message is for. Addresses are by channel, as they are written to."""

    customer_id: str
    first_name: str | None
    language: str | None
    addresses: Mapping[Channel, str]
    keys: Mapping[Channel, str]


@dataclass(frozen=True)
class RunMessage:
    """A message of the run as the database has it; ``address`` is in normal form."""

    id: str
    step: str
    channel: Channel
    state: MessageState
    latest: datetime
    claimed: datetime
    attempted: datetime | None
    purpose: Purpose
    consent_id: int | None
    segment: str
    address: str | None
    written: bool
    coupon_id: int | None = None


@dataclass(frozen=True)
class RunFacts:
    """A run with all that a decision, a message or a delivery of it needs.

    ``templates`` is None where the run's version has none: it began before versions kept them.

    ``open_runs`` are the orders of the customer's open runs; ``stops``: until when a stopped
    channel lets nothing go.
    """

    order_id: str
    digest: str
    workflow_run_id: str
    segment: str | None
    closed: bool
    total: Decimal
    definition: Definition
    templates: TemplateTexts | None
    contact: Contact
    facts: Facts
    messages: Mapping[str, RunMessage]
    open_runs: tuple[str, ...]
    stops: Mapping[Channel, datetime]


def load_run(session: Session, order_id: str) -> RunFacts:
    """Return an order's run and its customer's facts.

    Raises:
        NotFound: the order has no campaign.
    """
    return _load(session, Read.ORDER, order_id, f"no campaign for order {order_id}")


def load_run_of(session: Session, message_id: str) -> RunFacts:
    """Return the run that a message belongs to. Raises as `load_run`."""
    return _load(session, Read.MESSAGE, message_id, f"no message {message_id}")


def load_facts(session: Session, order_ids: Sequence[str]) -> list[Facts]:
    """Return the facts that orders without campaigns would begin with, in one statement for all."""
    rows = _rows(session, Read.ORDERS, {"ids": list(order_ids)})
    return [
        _facts(session, row, _contact(row), as_list(row["orders"]), as_list(row["messages"])) for row in rows
    ]


def load_recipient(session: Session, message_id: str) -> CustomerFacts:
    """Return what is known of whoever a message was written to; its order may be another's by now."""
    (row,) = _rows(session, Read.RECIPIENT, {"id": message_id})
    return _customer(row, _contact(row), as_list(row["messages"]))


def _load(session: Session, read: Read, identifier: str, missing: str) -> RunFacts:
    rows = _rows(session, read, {"id": identifier})
    if not rows:
        raise NotFound(missing)
    return _run(session, rows[0], load_version(session, rows[0]["digest"]))


def _rows(session: Session, read: Read, values: Mapping[str, Any]) -> Sequence[RowMapping]:
    statement = STATEMENTS[session.get_bind().dialect.name, read]
    return session.connection().execute(statement, values).mappings().all()


def _run(session: Session, row: Mapping[Any, Any], version: Version) -> RunFacts:
    messages = as_list(row["messages"])
    orders = as_list(row["orders"])
    contact = _contact(row)
    return RunFacts(
        order_id=row["order_id"],
        digest=row["digest"],
        workflow_run_id=row["workflow_run_id"],
        segment=row["segment"],
        closed=row["closed_at"] is not None,
        total=amount_of(row["total"]),
        definition=version.definition,
        templates=version.templates,
        contact=contact,
        facts=_facts(session, row, contact, orders, messages),
        messages={m[0]: _run_message(m) for m in messages if m[1] == row["order_id"]},
        open_runs=tuple(o[0] for o in orders if o[5]),
        stops={Channel(channel): as_time(probe_at) for channel, probe_at in as_list(row["stops"])},
    )


def _facts(
    session: Session, row: Mapping[Any, Any], contact: Contact, orders: list[Any], messages: list[Any]
) -> Facts:
    return Facts(
        order_id=row["order_id"],
        placed_at=as_time(row["placed_at"]),
        currency=row["currency"],
        customer=_customer(row, contact, messages),
        events={OrderStatus(status): as_time(at) for status, at in as_list(row["events"])},
        orders=tuple(map(past_order, orders)),
        messages=tuple(map(past_message, messages)),
        holdout=bool(row["holdout"]),
        stopped=row["stop_reason"] is not None,
        repurchased_by=row["repurchased_by"],
        insight=insight_of(session, row),
        coupons=held.coupons_of(row),
        offers=held.stocks_of(row),
    )


def _contact(row: Mapping[Any, Any]) -> Contact:
    addresses = {Channel.EMAIL: row["email"], Channel.SMS: row["phone"]}
    keys = {Channel.EMAIL: row["email_key"], Channel.SMS: row["phone"]}
    return Contact(
        customer_id=row["customer_id"],
        first_name=row["first_name"],
        language=row["language"],
        addresses={channel: address for channel, address in addresses.items() if address},
        keys={channel: key for channel, key in keys.items() if key},
    )


def _customer(row: Mapping[Any, Any], contact: Contact, messages: list[Any]) -> CustomerFacts:
    entries = {entry[0]: entry for entry in (*as_list(row["entries"]), *as_list(row["others"]))}
    return CustomerFacts(
        customer_id=contact.customer_id,
        reachable=frozenset(contact.addresses),
        preferred=row["preferred_channel"],
        country=row["country"],
        region=row["region"],
        postal_code=row["postal_code"],
        phone=row["phone"],
        time_zone=row["time_zone"],
        suppressed=frozenset(map(Channel, as_list(row["suppressed"]))),
        less=bool(row["less"]),
        opt_in_requested=any(_put_to(m, row["phone"]) for m in messages),
        consents=tuple(consent_entry(entries[key], contact.keys) for key in sorted(entries)),
    )


def _put_to(message: list[Any], phone: str | None) -> bool:
    """Return whether the opt-in question has gone to this number, or may have."""
    state = MessageState(message[4])
    return (
        message[9] == Purpose.OPT_IN
        and message[12] == phone
        and state.counts
        and state not in (MessageState.CLAIMED, MessageState.HELD_OUT)
    )


def _run_message(m: list[Any]) -> RunMessage:
    return RunMessage(
        id=m[0],
        step=m[2],
        channel=Channel(m[3]),
        state=MessageState(m[4]),
        latest=as_time(m[8]),
        claimed=as_time(m[7]),
        attempted=as_time(m[6]) if m[6] else None,
        purpose=Purpose(m[9]),
        consent_id=m[10],
        segment=m[11],
        address=m[12],
        written=bool(m[13]),
        coupon_id=m[17],
    )
