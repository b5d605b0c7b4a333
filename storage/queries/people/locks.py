"""One order of locks, everywhere: first the people, all in one statement, then rows.

Whoever decides about a customer, or records what changes such a decision, holds that person's locks until
the transaction ends: one for the customer's id and one for each of their addresses, so that several ids
with one address wait for each other too. All of a transaction's people are locked by its first statement,
in the order of the locks' numbers, so that no two transactions can wait for each other in a circle. Rows
are only changed under these locks; what is changed without them changes one row and waits for nothing.

PostgreSQL: advisory locks of the transaction (they need no row, so that a customer who is not there yet can
be locked). SQLite: the transaction has the whole database already (`storage.database`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import TextClause, text
from sqlmodel import Session

from campaign.reasons import Channel

_LOCK = """
SELECT pg_advisory_xact_lock(number) FROM (
    SELECT DISTINCT hashtextextended(key, 0) AS number FROM (
        SELECT unnest(CAST(:keys AS text[])) AS key
        UNION ALL
        SELECT unnest(ARRAY['customer:' || c.id, 'email:' || c.email_key, 'sms:' || c.phone])
        FROM customers c WHERE c.id IN ({customers}){more}
    ) AS people WHERE key IS NOT NULL ORDER BY number
) AS ordered
"""
_PEOPLE = """
        SELECT unnest(CAST(:ids AS text[]))
        UNION ALL SELECT customer_id FROM orders WHERE id = ANY(CAST(:orders AS text[]))
        UNION ALL SELECT one.id FROM unnest(CAST(:emails AS text[])) AS given(address), LATERAL (
            SELECT id FROM customers WHERE email_key = given.address ORDER BY id LIMIT 20) AS one
        UNION ALL SELECT one.id FROM unnest(CAST(:phones AS text[])) AS given(address), LATERAL (
            SELECT id FROM customers WHERE phone = given.address AND email_key IS NULL
            ORDER BY id LIMIT 20) AS one"""
_OF_MESSAGES = """
        UNION ALL
        SELECT m.channel || ':' || m.address FROM messages m WHERE m.id = ANY(CAST(:ids AS text[]))"""
_STATEMENTS: dict[str, TextClause] = {
    "customers": text(_LOCK.format(customers="SELECT unnest(CAST(:ids AS text[]))", more="")),
    "people": text(_LOCK.format(customers=_PEOPLE, more="")),
    "order": text(_LOCK.format(customers="SELECT customer_id FROM orders WHERE id = :ids", more="")),
    "messages": text(
        _LOCK.format(
            customers="SELECT customer_id FROM messages WHERE id = ANY(CAST(:ids AS text[]))",
            more=_OF_MESSAGES,
        )
    ),
}


def lock_customers(
    session: Session, customer_ids: Iterable[str], addresses: Iterable[tuple[Channel, str]] = ()
) -> None:
    """Lock people by their ids, with the addresses they have, and by further addresses in normal form."""
    ids = sorted(set(customer_ids))
    keys = [f"customer:{identifier}" for identifier in ids]
    keys += [f"{channel.value}:{address}" for channel, address in addresses]
    _lock(session, "customers", ids, keys)


def lock_people(
    session: Session,
    customer_ids: Iterable[str],
    addresses: Iterable[tuple[Channel, str]],
    order_ids: Iterable[str],
) -> None:
    """Lock people as `lock_customers` does, with the customers of these orders, as far as they are here.

    The orders are locked too, so that two reports of an order that is not here yet wait for each other; and
    who is known by the addresses (`same_address.customers_with`), since a guest may turn out to be that one.
    """
    ids, orders, addresses = sorted(set(customer_ids)), sorted(set(order_ids)), list(addresses)
    keys = [f"customer:{identifier}" for identifier in ids]
    keys += [f"{channel.value}:{address}" for channel, address in addresses]
    keys += [f"order:{identifier}" for identifier in orders]
    have = {channel: [address for of, address in addresses if of is channel] for channel in Channel}
    _lock(
        session, "people", ids, keys,
        orders=orders, emails=have[Channel.EMAIL], phones=have[Channel.SMS],
    )  # fmt: skip


def lock_order(session: Session, order_id: str) -> None:
    """Lock the customer of an order."""
    _lock(session, "order", order_id, [])


def lock_messages(session: Session, message_ids: Iterable[str]) -> None:
    """Lock the customers of messages, with the addresses that the messages went to."""
    _lock(session, "messages", sorted(set(message_ids)), [])


def _lock(session: Session, kind: str, ids: str | list[str], keys: list[str], **more: list[str]) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(_STATEMENTS[kind], {"ids": ids, "keys": keys, **more})
