"""Erasing a person's rows: money facts stay, under a customer who is nobody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, update
from sqlalchemy.engine import CursorResult
from sqlmodel import Session, col, or_, select

from campaign.facts import MessageState
from campaign.reasons import Channel, Reason
from storage.inserts import insert_row
from storage.queries.inbox.states import State, Why
from storage.queries.people.kept_opt_outs import hashed
from storage.queries.privacy.finding import Address
from storage.tables import (
    ConsentRow,
    CustomerRow,
    InboxRow,
    LinkRow,
    MessageEventRow,
    MessageRow,
    OrderRow,
    ReplyRow,
    RunRow,
    SuppressionRow,
)

STOP_REASON = "erased"
_SETTLED = {MessageState.CLAIMED: MessageState.SKIPPED, MessageState.SENDING: MessageState.UNCONFIRMED}
_WHY = {MessageState.CLAIMED: Reason.STOPPED, MessageState.SENDING: Reason.UNCONFIRMED}


def add_nobody(session: Session, customer_id: str) -> None:
    """Add the customer under whom the money facts stay."""
    insert_row(session, CustomerRow, id=customer_id, tags=[], less=False)


def move_orders(session: Session, ids: Collection[str], nobody: str, now: datetime) -> int:
    """Leave orders and campaigns to nobody; return how many campaigns were open: they end now, as stopped."""
    mine = sorted(ids)
    _run(session, update(OrderRow).where(col(OrderRow.customer_id).in_(mine)).values(customer_id=nobody))
    runs = update(RunRow).where(col(RunRow.customer_id).in_(mine))
    ended = _run(
        session,
        runs.where(col(RunRow.closed_at).is_(None)).values(
            closed_at=now, exit_reason=Reason.STOPPED.value, stop_reason=STOP_REASON
        ),
    )
    said = case((col(RunRow.stop_reason).is_not(None), STOP_REASON), else_=None)
    _run(session, runs.values(customer_id=nobody, stop_reason=said))
    return ended


def erase_messages(
    session: Session,
    ids: Collection[str],
    addresses: Collection[Address],
    own: Collection[Address],
    nobody: str,
) -> int:
    """Take text, address and the provider's traces out of messages, and leave them to nobody.

    What was claimed is skipped. What is being sent stays unconfirmed, unless the attempt under way says.
    Messages to others who once had one of the person's ``own`` addresses keep its hash only, too. Return how
    many messages of the person there were.
    """
    mine = col(MessageRow.customer_id).in_(sorted(ids))
    rows = session.exec(select(MessageRow.id).where(mine)).all()
    for state, settled in _SETTLED.items():
        values = {"state": settled.value, "reason": _WHY[state].value}
        _run(session, update(MessageRow).where(mine, col(MessageRow.state) == state.value).values(values))
    for address in addresses:
        to_it = [_of(MessageRow, address), *(() if address in own else (mine,))]
        traces = {
            "address": hashed(session, *address),
            "recipient": None,
            "consent_id": None,
            "provider_id": None,
        }
        _run(session, update(MessageRow).where(*to_it).values(traces))
    emptied = {
        "customer_id": nobody, "recipient": None, "provider_id": None, "consent_id": None, "subject": None,
        "html": None, "text": None,
    }  # fmt: skip
    _run(session, update(MessageRow).where(mine).values(emptied))
    erase_traces(session, rows)
    return len(rows)


def erase_traces(session: Session, message_ids: Sequence[str]) -> None:
    """Erase links of messages, and what names them at a provider: kinds and times of events stay."""
    _run(session, delete(LinkRow).where(col(LinkRow.message_id).in_(message_ids)))
    events = update(MessageEventRow).where(col(MessageEventRow.message_id).in_(message_ids))
    _run(session, events.where(col(MessageEventRow.event_id).is_not(None)).values(event_id=None))


def erase_ledger(session: Session, ids: Collection[str], own: Collection[Address]) -> int:
    """Delete a person's consents; those for an address that somebody else has too stay, for that one.

    What others once said for one of the person's ``own`` addresses keeps its hash: without any address a
    grant would be one for whatever address they have now.
    """
    mine = col(ConsentRow.customer_id).in_(sorted(ids))
    there = [_of(ConsentRow, address) for address in own]
    theirs = or_(*there) if there else col(ConsentRow.id).is_(None)
    others = [col(ConsentRow.customer_id).is_not(None), ~mine]
    for address in own:
        elsewhere = update(ConsentRow).where(_of(ConsentRow, address), *others)
        _run(session, elsewhere.values(address=hashed(session, *address)))
    alone = or_(col(ConsentRow.address).is_(None), theirs)
    gone = _run(session, delete(ConsentRow).where(mine, alone))
    gone += _run(session, delete(ConsentRow).where(theirs, col(ConsentRow.customer_id).is_(None)))
    _run(session, update(ConsentRow).where(mine).values(customer_id=None))
    return gone


def erase_addresses(session: Session, own: Collection[Address]) -> int:
    """Delete suppressions of addresses, and replies from them. Return how many replies there were."""
    for address in own:
        _run(session, delete(SuppressionRow).where(_of(SuppressionRow, address)))
    phones = [address for channel, address in own if channel is Channel.SMS]
    return _run(session, delete(ReplyRow).where(col(ReplyRow.sender).in_(phones)))


def erase_inbox(session: Session, order_ids: Collection[str], nobody: str, now: datetime) -> None:
    """Forward nothing of a person's orders any more, and leave the rows to nobody."""
    rows = update(InboxRow).where(col(InboxRow.order_id).in_(sorted(order_ids)))
    ended = {"state": State.DISCARDED.value, "why": Why.ERASED.value, "settled_at": now, "leased_until": None}
    _run(session, rows.where(col(InboxRow.state) == State.WAITING.value).values(ended))
    _run(session, rows.where(col(InboxRow.customer_id).is_not(None)).values(customer_id=nobody))


def erase_payloads(session: Session, row_ids: Sequence[int], now: datetime) -> int:
    """Erase kept payloads of a shop."""
    values = {"body": None, "state": State.DISCARDED.value, "why": Why.ERASED.value, "settled_at": now}
    return _run(session, update(InboxRow).where(col(InboxRow.id).in_(row_ids)).values(values))


def delete_customers(session: Session, ids: Collection[str]) -> int:
    """Delete the customers: nothing points at them any more."""
    return _run(session, delete(CustomerRow).where(col(CustomerRow.id).in_(sorted(ids))))


def second_look(session: Session, order_ids: Collection[str]) -> None:
    """Erase what was written down while the person was erased: an attempt under way has ended by now."""
    mine = col(MessageRow.order_id).in_(sorted(order_ids))
    _run(session, update(MessageRow).where(mine).values(provider_id=None))
    erase_traces(session, session.exec(select(MessageRow.id).where(mine)).all())


def _of(row: type[ConsentRow | MessageRow | SuppressionRow], address: Address) -> Any:
    return (col(row.address) == address[1]) & (col(row.channel) == address[0].value)


def _run(session: Session, statement: Any) -> int:
    done = session.connection().execute(statement)
    assert isinstance(done, CursorResult)  # noqa: S101 - what changes rows counts them
    return done.rowcount
