"""What of a person's wishes outlives the erasure: opt-outs, complaints and bounces, by address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from campaign.reasons import Channel
from campaign.rules.consent import is_revoked
from intake.person.persons import Person
from storage.queries.people.consents import as_entry, entries_for, own_entries
from storage.queries.people.kept_opt_outs import ERASED, REVOKED, Address, keep
from storage.tables import ReplyRow, SuppressionRow


def keep_opt_outs(session: Session, person: Person) -> int:
    """Keep what must hold when an address returns; return how many opt-outs and suppressions that is.

    An address that somebody else has too keeps its ledger and suppressions as they are.
    """
    kept = [
        (address, reason, at)
        for address in sorted(person.own)
        for reason, at in (*_opted_out(session, person, address), *_suppressed(session, address))
    ]
    keep(session, kept)
    return len(kept)


def mark_erased(session: Session, person: Person, now: datetime) -> None:
    """Remember by their hashes that addresses were erased: late reports are not written down with them."""
    keep(session, [(address, ERASED, now) for address in person.own])


def _opted_out(session: Session, person: Person, address: Address) -> Iterator[tuple[str, datetime]]:
    """Give the last revocation that is in force, and what may be one and nobody has read yet."""
    channel, key = address
    rows = {
        row.id: row
        for row in (
            *entries_for(session, [key]), *own_entries(session, sorted(person.customer_ids), channel)
        )
        if row.channel == channel.value
    }  # fmt: skip
    entries = tuple(as_entry(row, {channel: key}) for row in rows.values())
    times = [entry.at for entry in entries if not entry.granted] if is_revoked(entries, channel) else []
    times += _doubtful(session, key) if channel is Channel.SMS else []
    if times:
        yield REVOKED, max(times)


def _doubtful(session: Session, phone: str) -> list[datetime]:
    """Return when texts came that may be opt-outs: unread, they count as one."""
    waiting = select(ReplyRow.received_at).where(ReplyRow.sender == phone, col(ReplyRow.settled_at).is_(None))
    return list(session.exec(waiting))


def _suppressed(session: Session, address: Address) -> list[tuple[str, datetime]]:
    channel, key = address
    rows = select(SuppressionRow.reason, SuppressionRow.at).where(
        SuppressionRow.channel == channel.value, SuppressionRow.address == key
    )
    return [(reason, at) for reason, at in session.exec(rows)]
