"""The consent ledger and the suppressions: both are about addresses, whoever has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from campaign.customers.addresses import normal_address
from campaign.facts import ConsentEntry
from campaign.reasons import Channel
from campaign.rules.consent import after_all, is_revoked
from campaign.wire import Consent
from storage.inserts import insert_all_once, insert_once
from storage.rows import get_row
from storage.tables import ConsentRow, CustomerRow, SuppressionRow

_NEWEST = 20
_TICK = timedelta(microseconds=1)
_ONE_MOMENT = timedelta(seconds=1)


def ledger_row(customer: Any, consent: Consent, address: str | None = None) -> dict[str, Any]:
    """Return a ledger entry's columns. ``customer`` is a row with id, email and phone, or None.

    It holds for ``address``, or else the one that the customer has now (any, if there is none yet).
    """
    if address is None and customer is not None:
        address = customer.email if consent.channel is Channel.EMAIL else customer.phone
    return {
        "customer_id": customer.id if customer is not None else None,
        "channel": consent.channel.value,
        "state": consent.state,
        "source": consent.source,
        "at": consent.at,
        "wording": consent.wording,
        "address": normal_address(consent.channel, address) if address else None,
        "confirmed": consent.confirmed,
    }


def record_consent(
    session: Session, customer: CustomerRow | None, consent: Consent, address: str | None = None
) -> bool:
    """Add an entry to the ledger, as `ledger_row` makes it; False if this very entry is there already."""
    return record_consents(session, [ledger_row(customer, consent, address)]) > 0


def record_opt_out(
    session: Session, customer: CustomerRow, consent: Consent, address: str | None, now: datetime
) -> bool:
    """Add an opt-out that somebody else reports, with that one's time; False if this very entry is there.

    It comes after grants whose times lie ahead of ``now``: a shop's clock that is ahead must not undo it. One
    that another address of the customer has had at the same moment does not hide it.
    """
    own = own_entries(session, [customer.id], consent.channel)
    key = ledger_row(customer, consent, address)["address"]
    ahead = [row for row in own if row.state == "granted" and row.at > now]
    if key:
        of_address = entries_for(session, [key])
        ahead += [row for row in of_address if row.state == "granted" and row.at > now]
    ahead += [row for row in own if _hides(row, consent, key)]
    at = after_all([as_entry(row, {}) for row in ahead], consent.channel, consent.at)
    return record_consent(session, customer, consent.model_copy(update={"at": at}), address)


def _hides(row: ConsentRow, consent: Consent, address: str | None) -> bool:
    """Say whether an entry has the consent's unique key, but for another address."""
    same = (row.state, row.source) == (consent.state, consent.source)
    return same and row.address != address and consent.at <= row.at < consent.at + _ONE_MOMENT


def extend_opt_outs(
    session: Session, customers: Mapping[str, Any], given: AbstractSet[tuple[str | None, str, datetime]]
) -> None:
    """Let customers' opt-outs hold for the addresses that they have now, and so for whoever else has them.

    Those are the opt-outs from before any address was known, and those that are ``given`` again (customer,
    source, time) with another address: they are in the ledger already, but for the customer only. The new
    entry comes a moment later. ``customers`` are rows with id, email and phone, by id.
    """
    opt_outs = select(ConsentRow).where(
        col(ConsentRow.customer_id).in_(list(customers)), ConsentRow.state == "revoked"
    )
    for row in session.exec(opt_outs.order_by(col(ConsentRow.id))).all():
        if row.address is None or (row.customer_id, row.source, row.at) in given:
            _extend(session, row, customers[row.customer_id or ""])


def _extend(session: Session, row: ConsentRow, customer: Any) -> None:
    """Add an opt-out for the address that its customer has now, unless that is there or was lifted since."""
    channel = Channel(row.channel)
    values = {name: getattr(row, name) for name in ("state", "source", "at", "wording", "confirmed")}
    entry = ledger_row(customer, Consent(channel=channel, **values))
    own = own_entries(session, [customer.id], channel)
    copies = [one for one in own if _is_copy(one, row)]
    there = entry["address"] in (None, *(one.address for one in copies))
    if not there and is_revoked(tuple(as_entry(one, {channel: entry["address"]}) for one in own), channel):
        record_consents(session, [{**entry, "at": max(one.at for one in copies) + _TICK}])


def _is_copy(row: ConsentRow, of: ConsentRow) -> bool:
    """Say whether an entry is another one for a further address, or that one itself."""
    same = (row.state, row.source) == (of.state, of.source)
    return same and of.at <= row.at < of.at + _ONE_MOMENT


def record_consents(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Add entries to the ledger, each once; return how many were not there."""
    return len(insert_all_once(session, ConsentRow, rows, "id"))


def consents_of(session: Session, customer_id: str) -> Sequence[ConsentRow]:
    """Return a customer's entries, and those of others for the same addresses, as they were recorded.

    Raises:
        NotFound: no such customer.
    """
    row = get_row(session, CustomerRow, customer_id, "no customer", fresh=False)
    return _entries_about(session, row)


def ledger(session: Session, row: CustomerRow) -> tuple[ConsentEntry, ...]:
    """Return what decisions see: a customer's own entries, and those of others for the same addresses."""
    keys = {Channel.EMAIL: row.email_key, Channel.SMS: row.phone}
    return tuple(as_entry(entry, keys) for entry in _entries_about(session, row))


def _entries_about(session: Session, row: CustomerRow) -> list[ConsentRow]:
    own = session.exec(select(ConsentRow).where(ConsentRow.customer_id == row.id))
    others = entries_for(session, [key for key in (row.email_key, row.phone) if key])
    found = {entry.id or 0: entry for entry in (*own, *others)}
    return [found[key] for key in sorted(found)]


def as_entry(row: ConsentRow, keys: Mapping[Channel, str | None]) -> ConsentEntry:
    """Return an entry as decisions see it, for somebody with these addresses (in normal form)."""
    channel = Channel(row.channel)
    return ConsentEntry(
        id=row.id or 0,
        channel=channel,
        granted=row.state == "granted",
        at=row.at,
        confirmed=row.confirmed,
        elsewhere=row.address not in (None, keys.get(channel)),
    )


def entries_for(session: Session, addresses: Sequence[str]) -> Sequence[ConsentRow]:
    """Return the newest entries for each address (in normal form), whoever they belong to.

    Of those of one instant the revocations come first: a limit must not cut off what holds.
    """
    newest = (col(ConsentRow.at).desc(), col(ConsentRow.state).desc())
    return [
        row
        for address in addresses
        for row in session.exec(
            select(ConsentRow).where(ConsentRow.address == address).order_by(*newest).limit(_NEWEST)
        )
    ]


def own_entries(session: Session, customer_ids: Sequence[str], channel: Channel) -> Sequence[ConsentRow]:
    """Return the entries of some customers for a channel, as they were recorded."""
    mine = select(ConsentRow).where(
        col(ConsentRow.customer_id).in_(customer_ids), ConsentRow.channel == channel.value
    )
    return session.exec(mine.order_by(col(ConsentRow.id))).all()


def suppress(
    session: Session, channel: Channel, address: str, reason: str, source: str, at: datetime
) -> bool:
    """Write no more to an address, whoever has it; False if that was so for this reason already."""
    key = normal_address(channel, address)
    return insert_once(
        session, SuppressionRow, channel=channel.value, address=key, reason=reason, source=source, at=at
    )


def suppressed_channels(session: Session, keys: Mapping[Channel, str | None]) -> frozenset[Channel]:
    """Return the channels whose address (in normal form) may not be written to."""
    tests = _of_addresses(keys)
    found = session.exec(select(SuppressionRow.channel).where(or_(*tests))) if tests else ()
    return frozenset(map(Channel, found))


def _of_addresses(keys: Mapping[Channel, str | None]) -> list[ColumnElement[bool]]:
    return [
        (col(SuppressionRow.channel) == channel.value) & (col(SuppressionRow.address) == key)
        for channel, key in keys.items()
        if key
    ]


def suppressions_of(session: Session, customer_id: str) -> Sequence[SuppressionRow]:
    """Return why and since when the addresses that a customer has now are not written to."""
    row = session.get(CustomerRow, customer_id)
    keys = {Channel.EMAIL: row.email_key, Channel.SMS: row.phone} if row else {}
    tests = _of_addresses(keys)
    if not tests:
        return ()
    return session.exec(select(SuppressionRow).where(or_(*tests)).order_by(col(SuppressionRow.id))).all()


def is_suppressed(session: Session, channel: Channel, address: str) -> bool:
    """Return whether an address may not be written to."""
    return channel in suppressed_channels(session, {channel: normal_address(channel, address)})
