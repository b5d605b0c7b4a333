"""What a text message from a customer does: entries in the ledger of everyone who has that number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select

from campaign.customers.keywords import Intent
from campaign.definition.model import Brand
from campaign.facts import ConsentEntry
from campaign.reasons import Channel
from campaign.rules.consent import after_all, in_force, is_revoked
from campaign.wire import Consent
from storage.queries.campaigns.runs import load_version
from storage.queries.people.consents import as_entry, entries_for, own_entries, record_consent
from storage.queries.people.kept_opt_outs import forget_opt_out, keep_late_opt_out, was_erased
from storage.queries.people.locks import lock_customers
from storage.tables import CustomerRow, RunRow, SuppressionRow

OPTED_OUT = "opted_out"
_OWNERS = 20


def apply_intent(session: Session, phone: str, intent: Intent, words: str, now: datetime) -> bool:
    """Record what a message is meant to do; True if it changed anything. ``words`` are the customer's own.

    It is one entry, for the number: it holds for everyone who has it, now or later. START grants again
    where this number has a grant in the ledger, whatever became of it: a START out of the blue agrees to
    nothing that we could name. CONFIRM confirms a grant that waits for it.
    """
    lock_customers(session, (), [(Channel.SMS, phone)])
    owners = select(CustomerRow).where(CustomerRow.phone == phone).order_by(CustomerRow.id)
    customers = session.exec(owners.limit(_OWNERS)).all()
    entries = _entries(session, phone, customers)
    if not customers and not entries and was_erased(session, (Channel.SMS, phone)):
        return _apply_of_erased(session, phone, intent, now)
    if intent is Intent.START:
        _lift(session, phone)
    if not _applies(entries, intent):
        return False
    consent = Consent(
        channel=Channel.SMS,
        state="revoked" if intent is Intent.STOP else "granted",
        source=f"sms: {intent.value}",
        at=after_all(entries, Channel.SMS, now),
        wording=words,
        confirmed=intent is not Intent.STOP,
    )
    record_consent(session, customers[0] if customers else None, consent, phone)
    return intent is not Intent.STOP or not is_revoked(entries, Channel.SMS)


def _apply_of_erased(session: Session, phone: str, intent: Intent, now: datetime) -> bool:
    """Keep what an erased number takes back, or gives, without the number: nobody has it any more."""
    if intent is Intent.STOP:
        keep_late_opt_out(session, (Channel.SMS, phone), now)
    elif intent is Intent.START:
        forget_opt_out(session, (Channel.SMS, phone))
    return intent is Intent.STOP


def _entries(session: Session, phone: str, customers: Sequence[CustomerRow]) -> tuple[ConsentEntry, ...]:
    """Return the number's ledger, with what its owners said before we knew the number."""
    own = own_entries(session, [customer.id for customer in customers], Channel.SMS)
    found = {
        row.id or 0: as_entry(row, {Channel.SMS: phone}) for row in (*entries_for(session, [phone]), *own)
    }
    return tuple(found[key] for key in sorted(found))


def _applies(entries: Sequence[ConsentEntry], intent: Intent) -> bool:
    """Return whether the words make a new entry: every STOP does, the rest only once."""
    valid = in_force(tuple(entries), Channel.SMS)
    confirmed = any(entry.confirmed for entry in valid)
    given = any(e.channel is Channel.SMS and e.granted and not e.elsewhere for e in entries)
    return {
        Intent.STOP: True,
        Intent.START: given and not confirmed,
        Intent.CONFIRM: bool(valid) and not confirmed,
        Intent.HELP: False,
    }[intent]


def _lift(session: Session, phone: str) -> None:
    session.exec(
        delete(SuppressionRow).where(
            col(SuppressionRow.channel) == Channel.SMS.value,
            col(SuppressionRow.address) == phone,
            col(SuppressionRow.reason) == OPTED_OUT,
        )
    )


def brand_for(session: Session, phone: str) -> tuple[Brand, str] | None:
    """Return the brand of the latest campaign of whoever has this number, and their language; or None."""
    statement = (
        select(RunRow.digest, CustomerRow.language)
        .join(CustomerRow, col(CustomerRow.id) == col(RunRow.customer_id))
        .where(CustomerRow.phone == phone)
        .order_by(col(RunRow.opened_at).desc())
        .limit(1)
    )
    found = session.exec(statement).first()
    if found is None:
        return None
    digest, language = found
    definition = load_version(session, digest).definition
    return definition.brand, language or definition.shop.language
