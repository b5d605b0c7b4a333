"""The JSON arrays of `storage.queries.campaigns.facts`, in the order of its columns, as facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from campaign.facts import ConsentEntry, MessageState, PastMessage, PastOrder, Purpose
from campaign.reasons import Channel
from storage.columns import amount_of


def consent_entry(entry: list[Any], keys: Mapping[Channel, str]) -> ConsentEntry:
    """Return an entry of the ledger; ``keys``: the addresses that the customer has, in normal form."""
    identifier, channel, state, at, confirmed, address = entry
    return ConsentEntry(
        id=identifier,
        channel=Channel(channel),
        granted=state == "granted",
        at=as_time(at),
        confirmed=bool(confirmed),
        elsewhere=address not in (None, keys.get(Channel(channel))),
    )


def past_order(o: list[Any]) -> PastOrder:
    """Return an order of the customer."""
    return PastOrder(
        order_id=o[0],
        placed_at=as_time(o[1]),
        total=amount_of(o[2]),
        currency=o[3],
        kept=not o[4],
        refunded=amount_of(o[6]),
        returned=bool(o[7]),
        renewal=bool(o[8]),
        started=bool(o[9]),
        reviewed=bool(o[10]),
    )


def past_message(m: list[Any]) -> PastMessage:
    """Return a message to the customer, or to an address that the customer has."""
    return PastMessage(
        order_id=m[1],
        step=m[2],
        channel=Channel(m[3]),
        state=MessageState(m[4]),
        at=as_time(m[5] or m[6] or m[7]),
        id=m[0],
        opened=bool(m[14]),
        clicked=bool(m[15]),
        purpose=Purpose(m[9]),
        placed_at=as_time(m[16]),
        claimed_at=as_time(m[7]),
    )


def as_list(value: Any) -> list[Any]:
    """Read a JSON array: PostgreSQL's driver has read it already, and an empty one is missing there."""
    if isinstance(value, str):
        value = json.loads(value)
    return value or []


def as_time(value: Any) -> datetime:
    """Read a stored time: SQLite's have no zone and are UTC."""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
