"""A run with all that is known of its customer, in one statement.

The lists come as JSON arrays, so that nothing is read twice and no statement waits for another. What is
read of other customers (who have the same address) is bounded: an address that many guests share costs no
more than any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import TextClause, bindparam, text
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
from storage.queries.campaigns.insight import COLUMNS, JOINS, insight_of
from storage.queries.campaigns.runs import load_version
from storage.queries.coupons import held

_NEWEST_MESSAGES = 500
_NEWEST_ENTRIES = 20
_LIMITS = {"messages": _NEWEST_MESSAGES, "entries": _NEWEST_ENTRIES}

_RUN = """
SELECT r.order_id, r.customer_id, r.digest, r.workflow_run_id, r.holdout, r.segment, r.closed_at,
       r.stop_reason, r.repurchased_by, o.placed_at, o.currency, o.total, c.email, c.email_key, c.phone,
       c.first_name, c.language, c.country, c.region, c.postal_code, c.time_zone, c.preferred_channel, c.less,
       {more},
  (SELECT {all}({row}(e.status, e.at)) FROM (
      SELECT status, at FROM order_events WHERE order_id = r.order_id ORDER BY id) e) AS events,
  (SELECT {all}({row}(p.id, p.placed_at, {number}(p.total), p.currency, p.lost, p.open,
                      {number}(p.refunded), p.returned, p.renewal, p.started, p.reviewed)) FROM (
      SELECT q.id, q.placed_at, q.total, q.currency, q.refunded, q.renewal,
             EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = q.id
                     AND e.status IN ('cancelled', 'refunded')) AS lost,
             s.order_id IS NOT NULL AS started, s.order_id IS NOT NULL AND s.closed_at IS NULL AS open,
             EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = q.id AND l.returned > 0)
                 AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = q.id
                                 AND l.returned < l.quantity) AS returned,
             EXISTS (SELECT 1 FROM reviews v WHERE v.customer_id = c.id)
                 AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = q.id
                                 AND l.returned < l.quantity AND l.sku NOT IN (
                                     SELECT v.sku FROM reviews v WHERE v.customer_id = c.id)) AS reviewed
      FROM orders q LEFT JOIN campaign_runs s ON s.order_id = q.id
      WHERE q.customer_id = c.id ORDER BY q.placed_at) p) AS orders,
  (SELECT {all}({row}(m.id, m.order_id, m.step, m.channel, m.state, m.sent_at, m.attempted_at,
                      m.claimed_at, m.latest_at, m.purpose, m.consent_id, m.segment, m.address, m.written,
                      m.opened, m.clicked, m.placed_at, m.coupon_id)) FROM (
      SELECT n.*, n.text IS NOT NULL AS written,
             (SELECT t.placed_at FROM orders t WHERE t.id = n.order_id) AS placed_at,
             EXISTS (SELECT 1 FROM message_events e WHERE e.message_id = n.id
                     AND e.kind = 'opened' AND NOT e.machine) AS opened,
             EXISTS (SELECT 1 FROM message_events e WHERE e.message_id = n.id
                     AND e.kind = 'clicked' AND NOT e.machine) AS clicked
      FROM messages n WHERE n.id IN (
          SELECT id FROM messages WHERE order_id = r.order_id
          UNION ALL SELECT id FROM (SELECT id FROM messages WHERE customer_id = c.id
                                    ORDER BY claimed_at DESC LIMIT {messages}) mine
          UNION ALL SELECT id FROM (SELECT id FROM messages WHERE address = c.email_key
                                    ORDER BY claimed_at DESC LIMIT {messages}) mailed
          UNION ALL SELECT id FROM (SELECT id FROM messages WHERE address = c.phone
                                    ORDER BY claimed_at DESC LIMIT {messages}) texted)
      ORDER BY n.claimed_at DESC) m) AS messages,
  (SELECT {all}({row}(k.id, k.channel, k.state, k.at, k.confirmed, k.address)) FROM (
      SELECT * FROM consents WHERE customer_id = c.id ORDER BY id) k) AS entries,
  (SELECT {all}({row}(k.id, k.channel, k.state, k.at, k.confirmed, k.address)) FROM (
      SELECT * FROM (SELECT * FROM consents WHERE address = c.email_key AND channel = 'email'
                     ORDER BY at DESC, state DESC LIMIT {entries}) mailed
      UNION ALL SELECT * FROM (SELECT * FROM consents WHERE address = c.phone AND channel = 'sms'
                     ORDER BY at DESC, state DESC LIMIT {entries}) texted) k) AS others,
  (SELECT {all}(x.channel) FROM suppressions x
      WHERE (x.channel = 'email' AND x.address = c.email_key)
         OR (x.channel = 'sms' AND x.address = c.phone)) AS suppressed,
  (SELECT {all}({row}(x.channel, x.probe_at)) FROM channel_stops x) AS stops
FROM {runs} r JOIN orders o ON o.id = r.order_id JOIN customers c ON c.id = r.customer_id
{joins}
WHERE r.order_id {which}"""
_OF_ORDER = "= :id"
_OF_MESSAGE = "= (SELECT order_id FROM messages WHERE id = :id)"
_NO_RUNS = """(SELECT id AS order_id, customer_id, NULL AS digest, NULL AS workflow_run_id, false AS holdout,
       NULL AS segment, NULL AS closed_at, NULL AS stop_reason, NULL AS repurchased_by FROM orders)"""
_WORDS = {
    "postgresql": {"all": "json_agg", "row": "json_build_array", "number": "text"},
    "sqlite": {"all": "json_group_array", "row": "json_array", "number": ""},
}
_MORE = {
    dialect: {**words, **_LIMITS, "more": f"{COLUMNS},\n  {held.COLUMNS}".format(**words), "joins": JOINS}
    for dialect, words in _WORDS.items()
}
_STATEMENTS: dict[tuple[str, str], TextClause] = {
    (dialect, which): text(_RUN.format(**words, runs="campaign_runs", which=which))
    for dialect, words in _MORE.items()
    for which in (_OF_ORDER, _OF_MESSAGE)
}
_WITHOUT_RUNS: dict[str, TextClause] = {
    dialect: text(_RUN.format(**words, runs=_NO_RUNS, which="IN :ids")).bindparams(
        bindparam("ids", expanding=True)
    )
    for dialect, words in _MORE.items()
}


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
    return _load(session, _OF_ORDER, order_id, f"no campaign for order {order_id}")


def load_run_of(session: Session, message_id: str) -> RunFacts:
    """Return the run that a message belongs to. Raises as `load_run`."""
    return _load(session, _OF_MESSAGE, message_id, f"no message {message_id}")


def load_facts(session: Session, order_ids: Sequence[str]) -> list[Facts]:
    """Return the facts that orders without campaigns would begin with, in one statement for all."""
    statement = _WITHOUT_RUNS[session.get_bind().dialect.name]
    rows = session.connection().execute(statement, {"ids": list(order_ids)}).mappings().all()
    return [
        _facts(session, row, _contact(row), as_list(row["orders"]), as_list(row["messages"])) for row in rows
    ]


def _load(session: Session, which: str, identifier: str, missing: str) -> RunFacts:
    statement = _STATEMENTS[session.get_bind().dialect.name, which]
    row = session.connection().execute(statement, {"id": identifier}).mappings().first()
    if row is None:
        raise NotFound(missing)
    return _run(session, row, load_version(session, row["digest"]))


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
