"""Which rows belong to a person: by customer id, and by the addresses that are theirs alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, or_, select, text
from sqlmodel import Session, col

from campaign.customers.addresses import normal_address
from campaign.reasons import Channel
from storage.queries.people.kept_opt_outs import HASHED
from storage.tables import (
    ConsentRow,
    CustomerRow,
    InboxRow,
    MessageRow,
    OrderRow,
    ReplyRow,
    SuppressionRow,
)

Address = tuple[Channel, str]
_IS_KEPT = text("inbox.kind = 'shop_event' AND inbox.body IS NOT NULL")
"""Written out, so that PostgreSQL sees that the partial index holds them all."""


def customers_by_id(session: Session, ids: Collection[str]) -> Sequence[CustomerRow]:
    """Return the customers with these ids, as far as they are here."""
    return _customers(session, col(CustomerRow.id).in_(sorted(ids))) if ids else ()


def customers_by_address(session: Session, addresses: Collection[Address]) -> Sequence[CustomerRow]:
    """Return everybody who has one of these addresses (in normal form)."""
    emails = sorted(address for channel, address in addresses if channel is Channel.EMAIL)
    phones = sorted(address for channel, address in addresses if channel is Channel.SMS)
    either = or_(col(CustomerRow.email_key).in_(emails), col(CustomerRow.phone).in_(phones))
    return _customers(session, either) if addresses else ()


def _customers(session: Session, condition: object) -> Sequence[CustomerRow]:
    statement = select(CustomerRow).where(condition).order_by(col(CustomerRow.id))  # type: ignore[arg-type]
    return session.execute(statement.execution_options(populate_existing=True)).scalars().all()


def buyers_of(session: Session, order_ids: Collection[str]) -> set[str]:
    """Return the customer ids of some orders."""
    statement = select(col(OrderRow.customer_id)).where(col(OrderRow.id).in_(sorted(order_ids)))
    return set(session.execute(statement).scalars()) if order_ids else set()


def former_addresses(session: Session, ids: Collection[str]) -> set[Address]:
    """Return every address that messages and consents of some customers were for."""
    found: set[Address] = set()
    tables: tuple[type[ConsentRow | MessageRow], ...] = (ConsentRow, MessageRow)
    for row in tables:
        theirs = select(col(row.channel), col(row.address)).distinct()
        theirs = theirs.where(col(row.customer_id).in_(sorted(ids)), *_is_readable(row))
        found |= {(Channel(channel), address) for channel, address in session.execute(theirs)}
    return found


def _is_readable(row: type[ConsentRow | MessageRow | SuppressionRow]) -> tuple[ColumnElement[bool], ...]:
    """Pass over what an earlier erasure has left: the hash of an address is none."""
    return col(row.address).is_not(None), col(row.address).not_like(f"{HASHED}%")


def addresses_of(customers: Collection[CustomerRow]) -> set[Address]:
    """Return the addresses that customers have now, in normal form."""
    emails = {(Channel.EMAIL, row.email_key) for row in customers if row.email_key}
    return emails | {(Channel.SMS, row.phone) for row in customers if row.phone}


def key_of(channel: Channel, address: str) -> Address:
    """Return an address as it is compared."""
    return channel, normal_address(channel, address)


def orders_of(session: Session, ids: Collection[str]) -> list[str]:
    """Return the ids of all orders of some customers."""
    statement = select(col(OrderRow.id)).where(col(OrderRow.customer_id).in_(sorted(ids)))
    return sorted(session.execute(statement).scalars())


def messages_of(session: Session, ids: Collection[str]) -> list[str]:
    """Return the ids of all messages to some customers."""
    statement = select(col(MessageRow.id)).where(col(MessageRow.customer_id).in_(sorted(ids)))
    return sorted(session.execute(statement).scalars())


def messages_of_orders(session: Session, order_ids: Collection[str]) -> dict[str, list[str]]:
    """Return the ids of messages, by order."""
    statement = select(col(MessageRow.order_id), col(MessageRow.id))
    found: dict[str, list[str]] = {}
    for order_id, message in session.execute(statement.where(col(MessageRow.order_id).in_(order_ids))):
        found.setdefault(order_id, []).append(message)
    return found


def kept_payloads(session: Session) -> Sequence[InboxRow]:
    """Return the shop's requests that could not be applied and are kept whole: few, or somebody looks."""
    statement = select(InboxRow).where(_IS_KEPT, col(InboxRow.state).in_(["refused", "discarded", "waiting"]))
    return session.execute(statement.order_by(col(InboxRow.id))).scalars().all()


def next_customers(session: Session, after: str, most: int = 100) -> list[str]:
    """Return the next customer ids after one, in their order."""
    statement = select(col(CustomerRow.id)).where(col(CustomerRow.id) > after).order_by(col(CustomerRow.id))
    return list(session.execute(statement.limit(most)).scalars())


def lone_addresses(session: Session, most: int = 100) -> list[Address]:
    """Return addresses of consents, suppressions and replies: to be read when nobody has one any more."""
    found: set[Address] = set()
    tables: tuple[type[ConsentRow | SuppressionRow], ...] = (ConsentRow, SuppressionRow)
    for row in tables:
        there = select(col(row.channel), col(row.address)).where(*_is_readable(row))
        found |= {(Channel(channel), address) for channel, address in session.execute(there.limit(most))}
    replies = session.execute(select(col(ReplyRow.sender)).limit(most)).scalars()
    return sorted(found | {(Channel.SMS, sender) for sender in replies})
