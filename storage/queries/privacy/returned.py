"""Opt-outs through an erased person's old mail, where that person has come back meanwhile.

Such an opt-out knows the hash of its address alone, and contact data has no hashes: whose it is by now is
found by hashing every address, once a day, and only where there was such an opt-out lately.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import bindparam, or_, select
from sqlmodel import Session, col

from campaign.reasons import Channel
from storage.database import Database
from storage.queries.people.kept_opt_outs import ERASED, Address, kept_for, restore_kept
from storage.queries.people.locks import lock_customers
from storage.tables import CustomerRow, KeptOptOutRow

PAGE = 1_000
LATELY = timedelta(days=7)
"""How far back one turn looks: turns may have been missed."""

_LATE = select(col(KeptOptOutRow.id)).where(
    col(KeptOptOutRow.reason) != ERASED, col(KeptOptOutRow.at) >= bindparam("since")
)
_PAGE = (
    select(col(CustomerRow.id), col(CustomerRow.email_key), col(CustomerRow.phone))
    .where(
        col(CustomerRow.id) > bindparam("after"),
        or_(col(CustomerRow.email_key).is_not(None), col(CustomerRow.phone).is_not(None)),
    )
    .order_by(col(CustomerRow.id))
    .limit(bindparam("most"))
)


def restore_returned(database: Database, now: datetime) -> int:
    """Write down for known addresses what is kept for them; return for how many. Pages through customers."""
    with database.reading() as session:
        if session.connection().execute(_LATE.limit(1), {"since": now - LATELY}).first() is None:
            return 0
    restored, after = 0, ""
    while True:
        with database.reading() as session:
            last, found = _returned(session, after)
        for address in sorted(found):
            database.retrying(partial(_restore, address))
        restored += len(found)
        if last is None:
            return restored
        after = last


def _returned(session: Session, after: str) -> tuple[str | None, set[Address]]:
    """Return the last customer of a page, and the addresses in it for which something is kept."""
    rows = session.connection().execute(_PAGE, {"after": after, "most": PAGE}).all()
    addresses = {
        (channel, address)
        for _, *pair in rows
        for channel, address in zip((Channel.EMAIL, Channel.SMS), pair, strict=True)
        if address
    }
    kept = {address for row, address in kept_for(session, addresses) if row.reason != ERASED}
    return rows[-1][0] if len(rows) == PAGE else None, kept


def _restore(address: Address, session: Session) -> None:
    lock_customers(session, (), [address])
    restore_kept(session, [address])
